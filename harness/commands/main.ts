// SPDX-License-Identifier: MIT
import { Command, CommanderError } from '@commander-js/extra-typings';
import { EXIT, type ExitCode, PinlabError } from '../errors.ts';
import { BISECT } from '../schema/bisect.ts';
import { sweep } from '../stages/sweep.ts';
import { benchCommand } from './bench.ts';
import { buildCommand } from './build.ts';
import { compareCommand } from './compare.ts';
import { doctorCommand } from './doctor.ts';
import { readEnvironment } from './environment.ts';
import { explain } from './explain.ts';
import { fuzzCommand } from './fuzz.ts';
import { gdbCommand } from './gdb.ts';
import { openInvocation } from './invocation.ts';
import { listCommand } from './list.ts';
import { matrixCommand } from './matrix.ts';
import { mergeReportsCommand } from './mergeReports.ts';
import { replayCommand } from './replay.ts';
import { runCommand } from './run.ts';
import { selftestCommand } from './selftest.ts';
import { seriesCommand } from './series.ts';
import { shellCommand } from './shell.ts';
import { untilInterrupted } from './signals.ts';

/** Runs one command line to its end and returns the exit code that it deserves. */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = readEnvironment();
  // Not disposed: whoever asks to stop when all is done gets the verdict, not a death by the signal.
  const interrupts = untilInterrupted();
  let code: number = EXIT.ok;
  const invocation = openInvocation(argv, environment, interrupts, (finished) => {
    code = finished;
  });
  const program = new Command('pinlab')
    .description('judge kernel patches about memory pinning and DMA, on an emulated SMMUv3')
    .version(environment.version)
    .addHelpText('after', EXIT_CODES)
    .hook('preAction', sweep)
    .addCommand(runCommand(invocation))
    .addCommand(buildCommand(invocation))
    .addCommand(listCommand(invocation))
    .addCommand(seriesCommand(invocation))
    .addCommand(benchCommand(invocation))
    .addCommand(compareCommand(invocation))
    .addCommand(matrixCommand(invocation))
    .addCommand(fuzzCommand(invocation))
    .addCommand(mergeReportsCommand(invocation))
    .addCommand(shellCommand(invocation))
    .addCommand(gdbCommand(invocation))
    .addCommand(replayCommand(invocation))
    .addCommand(selftestCommand(invocation))
    .addCommand(doctorCommand(invocation));
  for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError();
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    const code = fail(error, interrupts.signal.aborted);
    // Every code below 126 but 125 would blame the commit.
    return argv.includes('--bisect') ? Math.max(code, BISECT.abort) : code;
  }
}

const EXIT_CODES = `
Exit codes:
  0    every selected test passed or was skipped with a reason, and at least one passed
  1    a test failed or was lost, the kernel printed a splat, or it did not boot;
       with --fail-on-flaky also if a test passed only when retried
  2    the command line or the configuration is wrong
  3    a tool, the disk, the network or a build failed, or nothing ran
  130  interrupted
shell and gdb exit with what the program that they run exits with; run --bisect and compare
say in their help what theirs mean.`;

/** Tells the user about `error` and returns the exit code that it deserves. */
function fail(error: unknown, wasInterrupted: boolean): ExitCode {
  if (wasInterrupted) {
    process.stderr.write('pinlab: interrupted\n');
    return EXIT.interrupted;
  }
  // commander has already printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`${explain(error)}\n`);
  return error instanceof PinlabError ? error.exitCode : EXIT.infra;
}

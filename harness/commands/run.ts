// SPDX-License-Identifier: MIT
import { relative, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { Telling } from '../report/telling.ts';
import type { RunEvent } from '../schema/events.ts';
import type { Results } from '../schema/results.ts';
import { judgeKernel } from '../stages/judgeKernel.ts';
import {
  KSELFTEST_SECONDS,
  type Kselftest,
  offerKselftests,
  parseKselftests,
} from '../stages/kselftests.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { lastFailed } from '../stages/readResults.ts';
import type { Shard } from '../stages/shard.ts';
import { describeSuites } from '../stages/suites.ts';
import { timeLimits } from '../stages/timeLimits.ts';
import { forBisect } from './bisect.ts';
import { explain } from './explain.ts';
import type { Invocation } from './invocation.ts';
import { type KernelOptions, kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { type MachineOptions, machineChoice, withMachineOptions } from './machineOptions.ts';
import { pattern } from './pattern.ts';
import { type PolicyOptions, runPolicy, withPolicyOptions } from './policyOptions.ts';
import { defaultReporters, openReporters, reporterNames } from './reporters.ts';
import { parseShard } from './shardOption.ts';
import { suite } from './suite.ts';
import { watchAndRun } from './watch.ts';
import { MOST_JOBS, MOST_SECONDS, wholeNumber } from './wholeNumber.ts';

/** `pinlab run`: builds what is stale, boots, runs the tests, and says what came of it. */
export function runCommand(invocation: Invocation) {
  return withMachineOptions(withPolicyOptions(withKernelOptions('run')))
    .description('build what is stale, boot, run the guest tests, report the verdict')
    .argument('[suites...]', 'suites or guest programs to run; all without', suite, [])
    .option('--grep <regexp>', 'only tests whose id matches', pattern('--grep'))
    .option(
      '--kselftest <names>',
      'selftests of the kernel instead, such as mm:cow,mm:migration',
      parseKselftests,
    )
    .option('--last-failed', 'only tests that failed in the run recorded in --output')
    .option('--shard <i/n>', 'only the i-th of n parts that take equally long', parseShard)
    .option(
      '--durations <file>',
      'for --shard: results.json that says how long tests take (default: what the cache recalls)',
    )
    .option('--output <dir>', 'where results.json and console.log go', 'results')
    .option(
      '--reporter <names>',
      `comma-separated: ${reporterNames.join(', ')}`,
      defaultReporters(invocation.environment),
    )
    .option('--json', 'print results.json on standard output; as --reporter json')
    .option(
      '--coverage',
      `count which lines of the series' own files run, into coverage.lcov in --output`,
    )
    .option(
      '--jobs <n>',
      'guests side by side (default: as many as fit)',
      wholeNumber('--jobs', 1, MOST_JOBS),
    )
    .option('--watch', 'run again whenever a source of the run is saved, until Ctrl-C')
    .option('--bisect', 'exit as git bisect run wants it: 0 good, 1 bad, 125 no verdict, 128 stop')
    .option('--fingerprint <name>', 'with --bisect: only this report of the kernel is bad')
    .option(
      '--test-timeout <s>',
      'seconds that a test may take (default: 60, or 600 on debug and kcsan)',
      wholeNumber('--test-timeout', 1, MOST_SECONDS),
    )
    .addHelpText('after', `\n${describeSuites()}`)
    .addHelpText('after', '\nExample:\n  $ npx pinlab run --kernel ~/src/linux --grep pin')
    .action(async (suites, options) => {
      refuseIgnored(options);
      const once = () => runOnce(invocation, suites, options);
      if (options.watch) return watchAndRun(invocation, kernelChoice(options), once);
      invocation.finish(await (options.bisect ? forBisect(once, options.fingerprint) : code(once)));
    });
}

interface RunOptions extends KernelOptions, PolicyOptions, MachineOptions {
  grep?: string | undefined;
  kselftest?: Kselftest[] | undefined;
  lastFailed?: true | undefined;
  shard?: Shard | undefined;
  durations?: string | undefined;
  output: string;
  reporter: string;
  json?: true | undefined;
  jobs?: number | undefined;
  testTimeout?: number | undefined;
}

interface Ending {
  watch?: true | undefined;
  bisect?: true | undefined;
  fingerprint?: string | undefined;
}

/** What only says how another option works must not stand alone, and no option loses to another. */
function refuseIgnored(options: RunOptions & Ending) {
  const { durations, shard, fingerprint, bisect, watch, isolate, jobs = 1 } = options;
  if (durations !== undefined && !shard)
    throw new UsageError('--durations is for --shard', {
      hint: 'add --shard 1/2, or leave it out',
    });
  if (watch && bisect)
    throw new UsageError('--watch has no end, and --bisect is about the exit code', {
      hint: 'leave one of them out',
    });
  if (isolate === 'none' && jobs > 1)
    throw new UsageError(`--isolate none has one guest, and --jobs ${jobs} asks for more`, {
      hint: 'leave one of them out',
    });
  if (fingerprint !== undefined && !bisect)
    throw new UsageError('--fingerprint is for --bisect', {
      hint: 'add --bisect, or leave it out',
    });
}

async function code(once: () => Promise<Results>): Promise<number> {
  return (await once()).summary.exitCode;
}

/** One run from its sources to its reports. */
async function runOnce(
  invocation: Invocation,
  suites: readonly string[],
  options: RunOptions,
): Promise<Results> {
  const output = resolve(options.output);
  const { kselftest } = options;
  const only = await chosenIds(suites, options, output);
  const names = options.reporter.split(',').filter((name) => name !== '');
  const json = options.json ? ['json'] : [];
  const reporters = openReporters([...names, ...json], output, invocation.environment);
  await outputDirectory(output, options.kernel);
  const telling = new Telling(reporters);
  const emit = (event: RunEvent) => telling.tell(event);
  const workspace = invocation.workspace(emit);
  const { results, bundles, error } = await telling.during(
    judgeKernel({
      version: invocation.environment.version,
      workspace,
      command: ['pinlab', ...invocation.argv],
      choice: kernelChoice(options),
      selection: { suites, grep: options.grep, only },
      extend: kselftest && offerKselftests(workspace, kselftest),
      shard: options.shard,
      durations: options.durations,
      policy: runPolicy(options),
      machine: machineChoice(options),
      jobs: options.jobs,
      output,
      ...timeLimits({ ...options, usualTestSeconds: kselftest && KSELFTEST_SECONDS }),
      emit,
    }),
  );
  emit({ type: 'runEnd', results, explanation: error && explain(error) });
  await telling.done();
  if (bundles.length > 0) process.stderr.write(`${bundlesNote(bundles)}\n`);
  return results;
}

/** The only tests that may be picked; all, if none. */
async function chosenIds(
  suites: readonly string[],
  { kselftest, lastFailed: again }: RunOptions,
  output: string,
): Promise<ReadonlySet<string> | undefined> {
  if (kselftest && suites.length > 0) {
    throw new UsageError('--kselftest runs selftests of the kernel instead of suites', {
      hint: `leave out ${suites.join(' ')}, or make two runs`,
    });
  }
  return again ? lastFailed(output) : undefined;
}

function bundlesNote(bundles: readonly string[]): string {
  const names = bundles.map((path) => relative(process.cwd(), path));
  const more = names.length > 1 ? ` and ${names.length - 1} beside it` : '';
  return `everything about each failure: ${names[0]}${more}; npx pinlab replay DIR runs it again`;
}

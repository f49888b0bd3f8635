// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Results } from '../schema/results.ts';
import { judgeKernel } from '../stages/judgeKernel.ts';
import { forBisect } from './bisect.ts';
import { explain } from './explain.ts';
import type { Invocation } from './invocation.ts';
import {
  type KernelOptions,
  kernelChoice,
  wholeNumber,
  withKernelOptions,
} from './kernelOptions.ts';
import { defaultReporters, openReporters, reporterNames, tellInOrder } from './reporters.ts';
import { watchAndRun } from './watch.ts';

/** `pinlab run`: builds what is stale, boots, runs the tests, and says what came of it. */
export function runCommand(invocation: Invocation) {
  return withKernelOptions('run')
    .description('build what is stale, boot, run the guest tests, report the verdict')
    .argument('[suites...]', 'guest programs to run; all without')
    .option('--grep <regexp>', 'only tests whose id matches')
    .option('--output <dir>', 'where results.json and console.log go', 'results')
    .option(
      '--reporter <names>',
      `comma-separated: ${reporterNames.join(', ')}`,
      defaultReporters(invocation.environment),
    )
    .option('--json', 'print the results document on standard output')
    .option('--watch', 'run again whenever a source of the run is saved, until Ctrl-C')
    .option('--bisect', 'exit as git bisect run wants it: 0 good, 1 bad, 125 no verdict, 128 stop')
    .option('--fingerprint <name>', 'with --bisect: only this report of the kernel is bad')
    .option('--cpus <n>', 'CPUs of the guest', wholeNumber('--cpus', 1), 2)
    .option('--memory <MiB>', 'memory of the guest', wholeNumber('--memory', 256), 1024)
    .option('--test-timeout <s>', 'limit of one test', wholeNumber('--test-timeout', 1), 60)
    .option('--boot-timeout <s>', 'limit of a boot', wholeNumber('--boot-timeout', 1), 60)
    .addHelpText('after', '\nExample:\n  $ npx pinlab run --kernel ~/src/linux --grep pin')
    .action(async (suites, options) => {
      const once = () => runOnce(invocation, suites, options);
      if (options.watch) return watchAndRun(invocation, kernelChoice(options), once);
      invocation.finish(await (options.bisect ? forBisect(once, options.fingerprint) : code(once)));
    });
}

interface RunOptions extends KernelOptions {
  grep?: string | undefined;
  output: string;
  reporter: string;
  json?: true | undefined;
  cpus: number;
  memory: number;
  testTimeout: number;
  bootTimeout: number;
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
  const names = options.reporter.split(',').filter((name) => name !== '');
  const json = options.json && !names.includes('json') ? ['json'] : [];
  const reporters = openReporters([...names, ...json], output, invocation.environment);
  await mkdir(output, { recursive: true }).catch((cause: Error) => {
    throw new UsageError(`cannot write to --output ${output}: ${cause.message}`, { cause });
  });
  const { emit, allTold } = tellInOrder(reporters);
  const { results, bundles, error } = await judgeKernel({
    version: invocation.environment.version,
    workspace: invocation.workspace(emit),
    command: ['pinlab', ...invocation.argv],
    choice: kernelChoice(options),
    selection: { suites, grep: options.grep },
    machine: { cpus: options.cpus, memoryMiB: options.memory },
    output,
    testTimeoutMs: options.testTimeout * 1000,
    bootTimeoutMs: options.bootTimeout * 1000,
    emit,
  });
  emit({ type: 'runEnd', results });
  await allTold();
  if (error) process.stderr.write(`${explain(error)}\n`);
  if (bundles.length > 0) process.stderr.write(`${bundlesNote(bundles)}\n`);
  return results;
}

function bundlesNote(bundles: readonly string[]): string {
  const names = bundles.map((path) => relative(process.cwd(), path));
  const more = names.length > 1 ? ` and ${names.length - 1} beside it` : '';
  return `everything about each failure: ${names[0]}${more}; npx pinlab replay DIR runs it again`;
}

// SPDX-License-Identifier: MIT
import { relative, resolve } from 'node:path';
import { Telling } from '../report/telling.ts';
import type { RunEvent } from '../schema/events.ts';
import {
  checkReplay,
  type FuzzPlan,
  fuzzTests,
  offerFuzzTests,
  writeReproducers,
} from '../stages/fuzz.ts';
import { judgeKernel } from '../stages/judgeKernel.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { DEFAULT_POLICY } from '../stages/runPolicy.ts';
import { timeLimits } from '../stages/timeLimits.ts';
import { explain } from './explain.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { pattern } from './pattern.ts';
import { openReporters } from './reporters.ts';
import { MOST_JOBS, wholeNumber } from './wholeNumber.ts';

/** A sequence each adds one to it, and all must be exact. */
const MOST_SEED = 10 ** 15;
/** Months of them. */
const MOST_OPERATIONS = 10 ** 9;

/** `pinlab fuzz`: random operations on pins, memory and the device, against a model of them. */
export function fuzzCommand(invocation: Invocation) {
  return withKernelOptions('fuzz')
    .description('compare random sequences of operations with what a model predicts')
    .option('--seed <n>', 'where the randomness starts', wholeNumber('--seed', 1, MOST_SEED), 1)
    .option(
      '--budget <n>',
      'how many operations, in sequences of 5000',
      wholeNumber('--budget', 1, MOST_OPERATIONS),
      100_000,
    )
    .option('--replay <file>', 'run the operations in this file instead')
    .option('--grep <regexp>', 'only sequences whose id matches', pattern('--grep'))
    .option('--fail-fast', 'stop at the first sequence that fails')
    .option('--output <dir>', 'where results.json and what was found go', 'results')
    .option('--json', 'print results.json on standard output')
    .option(
      '--jobs <n>',
      'guests side by side (default: as many as fit)',
      wholeNumber('--jobs', 1, MOST_JOBS),
    )
    .addHelpText('after', '\nExample:\n  $ npx pinlab fuzz --seed 7 --budget 1000000')
    .action(async (options) => {
      const { environment, argv } = invocation;
      const onFailure = options.failFast ? 'stop' : 'continue';
      const plan: FuzzPlan = options.replay ? { file: resolve(options.replay) } : options;
      if ('file' in plan) await checkReplay(plan.file);
      const output = await outputDirectory(options.output, options.kernel);
      const reporters = openReporters(
        ['list', ...(options.json ? ['json'] : [])],
        output,
        environment,
      );
      const telling = new Telling(reporters);
      const emit = (event: RunEvent) => telling.tell(event);
      const workspace = invocation.workspace(emit);
      const { results, error } = await judgeKernel({
        ...{ version: environment.version, workspace, command: ['pinlab', ...argv], output, emit },
        ...{ choice: kernelChoice(options), extend: offerFuzzTests(workspace, plan) },
        selection: {
          suites: [],
          grep: options.grep,
          only: new Set(fuzzTests(plan).map(({ id }) => id)),
        },
        ...{
          policy: { ...DEFAULT_POLICY, onFailure },
          machine: { cpus: 2, memoryMiB: 1024 },
          jobs: options.jobs,
        },
        ...timeLimits(options),
      });
      emit({ type: 'runEnd', results, explanation: error && explain(error) });
      await telling.done();
      for (const file of await writeReproducers(output, results)) {
        const name = relative(process.cwd(), file);
        process.stderr.write(`the operations: npx pinlab fuzz --replay ${name}\n`);
      }
      invocation.finish(results.summary.exitCode);
    });
}

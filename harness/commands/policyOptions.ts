// SPDX-License-Identifier: MIT
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { ISOLATIONS, type Isolation } from '../stages/guestSource.ts';
import type { RunPolicy } from '../stages/runPolicy.ts';
import { wholeNumber } from './wholeNumber.ts';

/** A command that takes the options which say how often tests run and what a failure means. */
export function withPolicyOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .addOption(
      new Option('--isolate <what>', 'what gets a guest of its own; with none all share one')
        .choices(ISOLATIONS)
        .default('program' as const),
    )
    .option(
      '--repeat-each <n>',
      'run each test n times; all must pass',
      wholeNumber('--repeat-each', 1, 1_000_000),
      1,
    )
    .option(
      '--retries <n>',
      'run a test that fails up to n more times',
      wholeNumber('--retries', 0, 1_000),
      0,
    )
    .option('--fail-on-flaky', 'a test that passes only when retried fails the run')
    .option('--fail-fast', 'stop at the first test that fails');
}

export interface PolicyOptions {
  isolate: Isolation;
  repeatEach: number;
  retries: number;
  failOnFlaky?: true | undefined;
  failFast?: true | undefined;
}

/** What the options ask for. */
export function runPolicy(options: PolicyOptions): RunPolicy {
  return {
    isolation: options.isolate,
    repeatEach: options.repeatEach,
    retries: options.retries,
    flaky: options.failOnFlaky ? 'failure' : 'tolerated',
    onFailure: options.failFast ? 'stop' : 'continue',
  };
}

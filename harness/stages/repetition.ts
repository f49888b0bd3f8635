// SPDX-License-Identifier: MIT
import type { Attempt } from '../schema/results.ts';
import { isBad } from '../schema/verdict.ts';

/** How often each test runs. */
export interface RepetitionOptions {
  /** How many times each test has to hold, at least 1. */
  repeatEach: number;
  /** How many more attempts each repetition gets while it fails. */
  retries: number;
  /** What a repetition that fails means for those after it, of this test and of others. */
  onFailure: 'continue' | 'stop';
}

/** The repetition that the next attempt belongs to; none once the test has its verdict. */
export function nextRepetition(
  attempts: readonly Pick<Attempt, 'status' | 'repetition'>[],
  { repeatEach, retries, onFailure }: RepetitionOptions,
): number | undefined {
  const last = attempts.at(-1);
  if (!last) return 1;
  const { repetition = 1 } = last;
  const tries = attempts.filter((one) => (one.repetition ?? 1) === repetition).length;
  if (isBad(last) && tries <= retries) return repetition;
  if (isBad(last) && onFailure === 'stop') return undefined;
  return repetition < repeatEach ? repetition + 1 : undefined;
}

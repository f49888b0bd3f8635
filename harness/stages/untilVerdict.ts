// SPDX-License-Identifier: MIT
import { PinlabError } from '../errors.ts';
import type { Attempt, Splat, TestResult } from '../schema/results.ts';
import { concludeTest, isBad } from '../schema/verdict.ts';
import type { Attempted } from './attemptTest.ts';
import { nextRepetition, type RepetitionOptions } from './repetition.ts';
import type { PlannedTest } from './testPlan.ts';
import type { TestRecord } from './testRecord.ts';

export interface Attempting {
  /** Runs the test; attempts count from 1. */
  attempt: (number: number) => Promise<Attempted>;
  /** Does what has to be done to the guest before anything else runs in it. */
  cleanUp: (done: Attempted) => Promise<unknown>;
}

/**
 * Attempts `test` until it has its verdict. If that cannot go on, `record` takes what was found by
 * then, and the error is thrown on.
 */
export async function untilVerdict(
  test: PlannedTest,
  policy: RepetitionOptions,
  { attempt, cleanUp }: Attempting,
  record: Pick<TestRecord, 'add'>,
): Promise<TestResult> {
  const attempts: Attempt[] = [];
  const splats: Splat[] = [];
  const source = test.source ? { source: test.source } : {};
  const verdict = () => ({ ...concludeTest(test.id, attempts, splats), ...source });
  try {
    let repetition: number | undefined = 1;
    while (repetition !== undefined) {
      const done = await attempt(attempts.length + 1);
      const which = policy.repeatEach > 1 ? { repetition } : {};
      attempts.push({ ...done.attempt, ...which });
      splats.push(...done.splats);
      await cleanUp(done);
      repetition = nextRepetition(attempts, policy);
    }
  } catch (error) {
    if (attempts.length > 0) record.add(unfinished(verdict(), error));
    throw error;
  }
  return verdict();
}

/** What was proved bad stands; attempts that held are no verdict while others are missing. */
function unfinished(result: TestResult, error: unknown): TestResult {
  if (isBad(result)) return result;
  const why = error instanceof PinlabError ? error.message : String(error);
  const reason = `not finished after ${result.attempts.length} attempts: ${why}`;
  return { ...result, status: 'lost', reason };
}

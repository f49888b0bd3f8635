// SPDX-License-Identifier: MIT
import type { Attempt, Splat, TestResult } from '../schema/results.ts';
import { concludeTest, isBad, withSplats } from '../schema/verdict.ts';
import { type AttemptOptions, attemptTest } from './attemptTest.ts';
import { GuestSlot } from './guestSlot.ts';
import { nextRepetition } from './repetition.ts';
import type { RunPolicy } from './runPolicy.ts';
import { openTestGuest, type TestGuestRequest } from './testGuest.ts';
import type { PlannedTest } from './testPlan.ts';
import type { TestRecord } from './testRecord.ts';

export interface RunTestsRequest extends TestGuestRequest, AttemptOptions {
  tests: readonly PlannedTest[];
  policy: RunPolicy;
}

/**
 * Runs `tests` one by one, in one guest for as long as it can be trusted: after a timeout, a panic
 * or a lost connection the rest gets a fresh one.
 */
export async function runTests(request: RunTestsRequest, record: TestRecord): Promise<void> {
  await using slot = new GuestSlot(async () => {
    const on = await openTestGuest(request);
    record.booted(on.guest);
    return on;
  });
  for (const test of request.tests) {
    const result = await runTest(slot, test, request, record);
    record.add(result);
    if (request.policy.onFailure === 'stop' && isBad(result)) return record.stopAt(test.id);
  }
}

/** Runs one test to its verdict. */
async function runTest(
  slot: GuestSlot,
  test: PlannedTest,
  request: RunTestsRequest,
  record: TestRecord,
): Promise<TestResult> {
  const attempts: Attempt[] = [];
  const splats: Splat[] = [];
  let repetition: number | undefined = 1;
  while (repetition !== undefined) {
    const on = await slot.use();
    record.starts(test.id, attempts.length + 1);
    const { attempt, splats: found } = await attemptTest(on, test, request);
    const decoded = await record.addSplats(found);
    const which = request.policy.repeatEach > 1 ? { repetition } : {};
    attempts.push({ ...withSplats(attempt, test.id, decoded), ...which });
    splats.push(...decoded);
    if (attempt.status === 'lost') await slot.clear();
    repetition = nextRepetition(attempts, request.policy);
  }
  const source = test.source ? { source: test.source } : {};
  return { ...concludeTest(test.id, attempts, splats), ...source };
}

// SPDX-License-Identifier: MIT
import type { Attempt, Splat, TestResult } from '../schema/results.ts';
import { concludeTest, isBad, withSplats } from '../schema/verdict.ts';
import { type AttemptOptions, attemptTest } from './attemptTest.ts';
import { batchesOf } from './batches.ts';
import { GuestSlot } from './guestSlot.ts';
import { openGuestSource } from './guestSource.ts';
import { nextRepetition } from './repetition.ts';
import type { RunPolicy } from './runPolicy.ts';
import type { TestGuestRequest } from './testGuest.ts';
import type { PlannedTest } from './testPlan.ts';
import type { TestRecord } from './testRecord.ts';

export interface RunTestsRequest extends TestGuestRequest, Pick<AttemptOptions, 'testTimeoutMs'> {
  tests: readonly PlannedTest[];
  policy: RunPolicy;
}

/** Runs `tests`, each in a guest that `policy` says it may share, to their verdicts in `record`. */
export async function runTests(request: RunTestsRequest, record: TestRecord): Promise<void> {
  const { tests, policy } = request;
  await using source = openGuestSource(request, policy.isolation, record);
  await using slot = new GuestSlot(() => source.open());
  for (const batch of batchesOf(tests, new Map())) {
    for (const test of batch.tests) {
      const result = await runTest(slot, test, request, record);
      record.add(result);
      if (policy.onFailure === 'stop' && isBad(result)) return record.stopAt(test.id);
    }
    if (policy.isolation === 'program') await slot.clear();
  }
}

/** Runs one test to its verdict. */
async function runTest(
  slot: GuestSlot,
  test: PlannedTest,
  request: RunTestsRequest,
  record: TestRecord,
): Promise<TestResult> {
  const { policy, testTimeoutMs, watchdog, machine } = request;
  const options = { testTimeoutMs, watchdog, signal: machine.signal };
  const attempts: Attempt[] = [];
  const splats: Splat[] = [];
  let repetition: number | undefined = 1;
  while (repetition !== undefined) {
    const on = await slot.use();
    record.starts(test.id, attempts.length + 1);
    const { attempt, splats: found } = await attemptTest(on, test, options);
    const decoded = await record.addSplats(found);
    const which = policy.repeatEach > 1 ? { repetition } : {};
    const seen = { ...withSplats(attempt, test.id, decoded), ...which, guest: on.number };
    attempts.push(seen);
    splats.push(...decoded);
    if (isSpent(attempt, seen, policy)) await slot.clear();
    repetition = nextRepetition(attempts, policy);
  }
  const source = test.source ? { source: test.source } : {};
  return { ...concludeTest(test.id, attempts, splats), ...source };
}

/** Whether no other test may run in the guest: it is lost, or must not hand on what a failure left. */
function isSpent(attempt: Attempt, seen: Attempt, { isolation }: RunPolicy): boolean {
  if (attempt.status === 'lost' || isolation === 'test') return true;
  return isolation === 'program' && isBad(seen);
}

// SPDX-License-Identifier: MIT
import { concludeTest, withSplats } from '../schema/verdict.ts';
import { type AttemptOptions, attemptTest } from './attemptTest.ts';
import { openTestGuest, type TestGuest, type TestGuestRequest } from './testGuest.ts';
import type { PlannedTest } from './testPlan.ts';
import type { TestRecord } from './testRecord.ts';

export interface RunTestsRequest extends TestGuestRequest, AttemptOptions {
  tests: readonly PlannedTest[];
}

/**
 * Runs `tests` one by one, in one guest for as long as it can be trusted: after a timeout, a panic
 * or a lost connection the rest gets a fresh one.
 */
export async function runTests(request: RunTestsRequest, record: TestRecord): Promise<void> {
  const queue = [...request.tests];
  while (queue.length > 0) {
    await using on = await openTestGuest(request);
    record.qemuArguments = on.guest.vm.arguments;
    let trusted = true;
    while (queue.length > 0 && trusted) {
      trusted = await runTest(on, queue.shift() as PlannedTest, request, record);
    }
  }
}

/** Runs one test to its verdict; whether another may run in the same guest. */
async function runTest(
  on: TestGuest,
  test: PlannedTest,
  options: AttemptOptions,
  record: TestRecord,
): Promise<boolean> {
  record.starts(test.id, 1);
  const { attempt, splats: found } = await attemptTest(on, test, options);
  const splats = await record.addSplats(found);
  const source = test.source ? { source: test.source } : {};
  record.add(withSplats({ ...concludeTest(test.id, [attempt]), ...source }, splats));
  return attempt.status !== 'lost';
}

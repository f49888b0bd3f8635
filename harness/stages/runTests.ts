// SPDX-License-Identifier: MIT
import type { Splat, TestResult } from '../schema/results.ts';
import { isBad, withSplats } from '../schema/verdict.ts';
import { type Attempted, type AttemptOptions, attemptTest } from './attemptTest.ts';
import type { Batch, Durations } from './batches.ts';
import { type BatchQueue, queueFor } from './batchQueue.ts';
import { GuestSlot } from './guestSlot.ts';
import { type GuestSource, openGuestSource } from './guestSource.ts';
import type { RunPolicy } from './runPolicy.ts';
import { sideBySide } from './sideBySide.ts';
import type { TestGuestRequest } from './testGuest.ts';
import type { PlannedTest } from './testPlan.ts';
import type { TestRecord } from './testRecord.ts';
import { untilVerdict } from './untilVerdict.ts';

export interface RunTestsRequest
  extends Omit<TestGuestRequest, 'onSplats'>,
    Pick<AttemptOptions, 'testTimeoutMs'> {
  tests: readonly PlannedTest[];
  policy: RunPolicy;
  /** How many guests run side by side, at least 1; without isolation there is one. */
  jobs: number;
  /** How long tests took before, by which several guests share them. */
  durations: Durations;
}

/** Runs `tests`, each in a guest that `policy` says it may share, to their verdicts in `record`. */
export async function runTests(request: RunTestsRequest, record: TestRecord): Promise<void> {
  const { tests, policy, durations, machine, watchdog } = request;
  const jobs = policy.isolation === 'none' ? 1 : request.jobs;
  const queue = queueFor(jobs, tests, durations);
  const needed = { isolation: policy.isolation, batches: queue.length };
  const onSplats = (splats: readonly Splat[]) => record.addSplats(splats);
  await using source = openGuestSource({ ...request, onSplats }, needed, record);
  await sideBySide(Math.min(jobs, queue.length), machine.signal, async (signal) => {
    const open = () => source.open();
    await using slot = new GuestSlot({ open, onReports: onSplats, watchdog, signal });
    const worker = { ...request, queue, source, slot, signal };
    for (let batch = queue.take(); batch; batch = queue.take())
      await runBatch(batch, worker, record);
    await slot.clear();
  });
}

interface Worker extends RunTestsRequest {
  queue: BatchQueue;
  source: GuestSource;
  slot: GuestSlot;
  signal: AbortSignal;
}

async function runBatch({ tests }: Batch, worker: Worker, record: TestRecord) {
  const { queue, slot, policy } = worker;
  for (const [index, test] of tests.entries()) {
    if (queue.closed) return;
    const follows = policy.isolation === 'test' && index + 1 < tests.length;
    const result = await runTest(test, { ...worker, more: follows || queue.length > 0 }, record);
    record.add(result);
    if (policy.onFailure === 'stop' && isBad(result)) {
      queue.close();
      record.stopAt(test.id);
    }
  }
  if (policy.isolation === 'program') await slot.retire();
}

/** Runs one test to its verdict; `more`: another guest will be needed after it. */
function runTest(
  test: PlannedTest,
  { policy, source: guests, slot, more, ...options }: Worker & { more: boolean },
  record: TestRecord,
): Promise<TestResult> {
  const attempt = async (number: number) => {
    const on = await slot.use();
    if (more) guests.prepare();
    record.starts(test.id, number);
    const done = await attemptTest(on, test, options);
    const splats = await record.addSplats(done.splats);
    return {
      attempt: { ...withSplats(done.attempt, test.id, splats), guest: on.number },
      splats,
    };
  };
  const cleanUp = async (done: Attempted) => {
    if (done.attempt.status === 'lost') await slot.drop();
    else if (isSpent(done, policy)) await slot.retire();
  };
  return untilVerdict(test, policy, { attempt, cleanUp }, record);
}

/** Whether no other test may run in the guest: it must not hand on what a failure left. */
function isSpent({ attempt, splats }: Attempted, { isolation }: RunPolicy): boolean {
  // What has reported once may be silent from then on: lockdep and KASAN switch themselves off.
  if (splats.length > 0) return true;
  return isolation === 'test' || (isolation === 'program' && isBad(attempt));
}

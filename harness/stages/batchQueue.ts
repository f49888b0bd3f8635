// SPDX-License-Identifier: MIT
import { type Batch, batchesOf, type Durations, longestFirst, totalMs } from './batches.ts';
import type { PlannedTest } from './testPlan.ts';

/** The batches that are still to run, for whoever is free. */
export class BatchQueue {
  readonly #batches: Batch[];
  #closed = false;

  constructor(batches: readonly Batch[]) {
    this.#batches = [...batches];
  }

  /** Whether no test may start any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many batches are to be taken. */
  get length(): number {
    return this.#batches.length;
  }

  /** The next batch; none once all are taken or the queue is closed. */
  take(): Batch | undefined {
    return this.#closed ? undefined : this.#batches.shift();
  }

  /** Nothing is to start after this. */
  close() {
    this.#closed = true;
  }
}

/** `tests` for `jobs` that run side by side: in the order of the plan for one, the longest first for several. */
export function queueFor(
  jobs: number,
  tests: readonly PlannedTest[],
  durations: Durations,
): BatchQueue {
  if (jobs === 1) return new BatchQueue(batchesOf(tests, durations));
  // A program is divided only where the others would wait for it.
  const fairMs = totalMs(tests, durations) / jobs;
  return new BatchQueue(longestFirst(batchesOf(tests, durations, fairMs)));
}

// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';
import { type Batch, batchesOf, type Durations, longestFirst, totalMs } from './batches.ts';
import type { PlannedTest } from './testPlan.ts';

/** One of `total` equal parts of a run; `index` counts from 1. */
export interface Shard {
  index: number;
  total: number;
}

/**
 * The tests of `shard`, in the order of the plan. Equal tests and durations give the same cut
 * everywhere: each test is in one shard, and all shards are expected to take equally long.
 */
export function shardOf(
  tests: readonly PlannedTest[],
  { index, total }: Shard,
  durations: Durations,
): PlannedTest[] {
  // A program is divided only where it would outlast a whole shard: each part costs a guest.
  const fairMs = totalMs(tests, durations) / total;
  const shares = balance(longestFirst(batchesOf(tests, durations, fairMs)), total);
  const own = new Set(shares[index - 1]?.flatMap((batch) => batch.tests));
  if (own.size > 0) return tests.filter((test) => own.has(test));
  throw new InfraError(`shard ${index}/${total} of ${tests.length} tests is empty: nothing ran`, {
    hint: 'cut the run into fewer shards',
  });
}

/** Each batch to whoever has least by then. */
function balance(batches: readonly Batch[], total: number): Batch[][] {
  // No more shares than batches: the others would be empty, however many were asked for.
  const length = Math.min(total, batches.length);
  const shares = Array.from({ length }, () => ({ batches: [] as Batch[], durationMs: 0 }));
  for (const batch of batches) {
    const least = shares.reduce((a, b) => (b.durationMs < a.durationMs ? b : a));
    least.batches.push(batch);
    least.durationMs += batch.durationMs;
  }
  return shares.map((share) => share.batches);
}

// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import type { Counts } from '../ktap/expectation.ts';

/** How often the counters are read while a stall has no answer. */
const INTERVAL_MS = 20;

/**
 * What was counted since `before`, once software has answered every stall that the SMMU recorded: a
 * fault may be handled when its process is gone. After `timeoutMs`, what was counted by then.
 */
export async function countsSince(
  before: Counts,
  read: () => Promise<Counts>,
  timeoutMs: number,
): Promise<Counts> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const after = await read();
    const counts = {
      device: difference(before.device, after.device),
      smmu: difference(before.smmu, after.smmu),
    };
    if (unanswered(counts) === 0 || performance.now() >= deadline) return counts;
    await setTimeout(INTERVAL_MS);
  }
}

/** Stalls that have no answer, not even for a device that has withdrawn its transaction. */
export function unanswered({ smmu }: Counts): number {
  const { stalls = 0, retries = 0, aborts = 0, 'raz-wi': razWi = 0 } = smmu;
  // Fewer than none: one from before was answered now.
  return Math.max(0, stalls - retries - aborts - razWi);
}

function difference(before: Record<string, number>, after: Record<string, number>) {
  const names = Object.keys(after);
  return Object.fromEntries(names.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]));
}

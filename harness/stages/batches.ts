// SPDX-License-Identifier: MIT
import type { PlannedTest } from './testPlan.ts';

/** Tests of one program that run one after the other, in the order of the plan. */
export interface Batch {
  program: string;
  tests: PlannedTest[];
  /** What is expected, by what was recorded. */
  durationMs: number;
}

/** How long tests took before, by id. */
export type Durations = ReadonlyMap<string, number>;

/** What a test is thought to take where nothing is known about any. */
const UNKNOWN_MS = 300;

/** Tests of the same program that follow each other as a batch; what is longer than `limitMs` as several. */
export function batchesOf(
  tests: readonly PlannedTest[],
  durations: Durations,
  limitMs = Number.POSITIVE_INFINITY,
): Batch[] {
  const expected = expectation(tests, durations);
  const batches: Batch[] = [];
  for (const test of tests) {
    const { program } = test;
    const ms = expected(test);
    const last = batches.at(-1);
    if (last?.program === program && last.durationMs + ms <= limitMs) {
      last.tests.push(test);
      last.durationMs += ms;
    } else batches.push({ program, tests: [test], durationMs: ms });
  }
  return batches;
}

/** What `tests` are expected to take together. */
export function totalMs(tests: readonly PlannedTest[], durations: Durations): number {
  const expected = expectation(tests, durations);
  return tests.reduce((sum, test) => sum + expected(test), 0);
}

/** The longest first: whoever takes the next of them as soon as it is free ends about when the others do. */
export function longestFirst(batches: readonly Batch[]): Batch[] {
  return batches.toSorted((a, b) => b.durationMs - a.durationMs);
}

/** A test that was never timed is thought to be like the median of the others. */
function expectation(tests: readonly PlannedTest[], durations: Durations) {
  const known = tests.flatMap(({ id }) => durations.get(id) ?? []).sort((a, b) => a - b);
  const typical = known[Math.floor(known.length / 2)] ?? UNKNOWN_MS;
  return ({ id }: PlannedTest) => durations.get(id) ?? typical;
}

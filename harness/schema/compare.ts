// SPDX-License-Identifier: MIT

import { z } from 'zod';
import type { Results, TestStatus } from './results.ts';

/** What differs between two runs of the same tests. */
export interface ResultsComparison {
  kind: 'results';
  /** Tests of either run whose status differs; `absent` where the run did not have it. */
  statuses: StatusChange[];
  /** Device counters of tests that are in both. */
  counters: { id: string; counter: string; before: number; after: number }[];
  /** Fingerprints of reports of the kernel that one run has and the other has not. */
  splats: { fingerprint: string; title: string; in: 'before' | 'after' }[];
  /** Why the second run is worse; empty if it is not. */
  regressions: string[];
}

interface StatusChange {
  id: string;
  before: TestStatus | 'absent';
  after: TestStatus | 'absent';
}

/** Two benchmarks figure by figure. */
export interface BenchComparison {
  kind: 'bench';
  figures: FigurePair[];
  regressions: string[];
}

/** One measure of one figure; a side is absent where that benchmark did not prove it. */
export interface FigurePair {
  /** What was measured: `PIN, anon, present, 4096`. */
  name: string;
  measure: string;
  before?: number;
  after?: number;
  /** The second as a multiple of the first. */
  ratio?: number;
}

/** The later a status in this list, the worse. */
const ORDER = ['pass', 'skip', 'fail', 'lost', 'absent'] as const;

/** What changed from `before` to `after`. A test that no longer passes and a new report are regressions. */
export function compareResults(before: Results, after: Results): ResultsComparison {
  const [old, now] = [before, after].map(({ tests }) => new Map(tests.map((one) => [one.id, one])));
  const ids = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  const statuses = [...ids].flatMap((id): StatusChange[] => {
    const was = old?.get(id)?.status ?? 'absent';
    const is = now?.get(id)?.status ?? 'absent';
    return was === is ? [] : [{ id, before: was, after: is }];
  });
  const counters = [...ids].flatMap((id) =>
    changedCounters(old?.get(id)?.counters, now?.get(id)?.counters).map((one) => ({ id, ...one })),
  );
  const splats = [...onlyIn('before', before, after), ...onlyIn('after', after, before)];
  const worse = statuses.filter((one) => rank(one.before) < rank(one.after) && isKnown(one.before));
  return {
    ...{ kind: 'results', statuses, counters, splats },
    regressions: [
      ...worse.map((one) => `${one.id}: ${one.before} before, ${one.after} now`),
      ...splats.flatMap((one) => (one.in === 'after' ? [`a new report: ${one.title}`] : [])),
    ],
  };
}

function rank(status: TestStatus | 'absent'): number {
  return ORDER.indexOf(status);
}

/** A new test was not better before. */
function isKnown(status: TestStatus | 'absent'): boolean {
  return status !== 'absent';
}

function changedCounters(
  before: Record<string, number> | null | undefined,
  after: Record<string, number> | null | undefined,
) {
  if (!before || !after) return [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((counter) => {
    const pair = { before: before[counter] ?? 0, after: after[counter] ?? 0 };
    return pair.before === pair.after ? [] : [{ counter, ...pair }];
  });
}

function onlyIn(which: 'before' | 'after', one: Results, other: Results) {
  const known = new Set(other.splats.map(({ fingerprint }) => fingerprint));
  const own = one.splats.filter((splat) => splat.allowed === undefined);
  const fresh = own.filter(({ fingerprint }) => !known.has(fingerprint));
  const once = new Map(fresh.map((splat) => [splat.fingerprint, splat]));
  return [...once.values()].map(({ fingerprint, title }) => ({ fingerprint, title, in: which }));
}

/** What of a `pinlab.bench` document is compared, whichever figures it has. */
export const anyBench = z.object({
  schema: z.string().regex(/^pinlab\.bench\//),
  figures: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
});
export type AnyBench = z.infer<typeof anyBench>;

/** A number that says what was measured, where all others say how much it cost. */
const IDENTIFYING = new Set(['amount']);

/**
 * Each figure beside the one of the same name. Every measure is a cost: one that grew by more than
 * `tolerance`, a fraction, is a regression, and so is one that is no longer there.
 */
export function compareBench(
  before: AnyBench,
  after: AnyBench,
  tolerance: number,
): BenchComparison {
  const [old, now] = [measures(before), measures(after)];
  const figures = [...new Set([...old.keys(), ...now.keys()])].map((key) =>
    pairOf(key, old.get(key), now.get(key)),
  );
  const regressions = figures.flatMap((pair) => {
    const what = `${pair.name} (${pair.measure})`;
    if (pair.after === undefined) return [`${what} is gone`];
    if (pair.before === undefined || pair.after <= pair.before * (1 + tolerance)) return [];
    return [`${what}: ${pair.before} before, ${pair.after} now`];
  });
  return { kind: 'bench', figures, regressions };
}

const SEPARATOR = '\t';

function measures({ figures }: AnyBench): Map<string, number> {
  const found = new Map<string, number>();
  for (const figure of figures) {
    const entries = Object.entries(figure);
    const isMeasure = ([name, value]: [string, unknown]) =>
      typeof value === 'number' && !IDENTIFYING.has(name);
    const name = entries.flatMap((entry) => (isMeasure(entry) ? [] : [entry[1]])).join(', ');
    for (const entry of entries.filter(isMeasure)) {
      found.set([name, entry[0]].join(SEPARATOR), entry[1] as number);
    }
  }
  return found;
}

function pairOf(key: string, before: number | undefined, after: number | undefined): FigurePair {
  const [name = '', measure = ''] = key.split(SEPARATOR);
  return {
    ...{ name, measure },
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(before && after !== undefined ? { ratio: after / before } : {}),
  };
}

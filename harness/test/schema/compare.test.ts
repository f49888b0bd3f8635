// SPDX-License-Identifier: MIT

import test from 'ava';
import { compareBench, compareResults } from '../../schema/compare.ts';
import type { TestStatus } from '../../schema/results.ts';
import { sampleResults, sampleSplat, sampleTest } from './sample.ts';

function run(statuses: Record<string, TestStatus>, counters = {}) {
  return sampleResults(
    Object.entries(statuses).map(([name, status]) => sampleTest({ name, status, counters })),
  );
}

test('a test whose status differs is listed, and only one that got worse is a regression', (t) => {
  const before = run({ a: 'pass', b: 'fail', c: 'pass', d: 'pass', e: 'pass', f: 'fail' });
  const after = run({ a: 'pass', b: 'pass', c: 'lost', d: 'skip', f: 'lost', g: 'fail' });
  const { statuses, regressions } = compareResults(before, after);
  t.deepEqual(
    statuses.map((one) => `${one.id.slice(-1)} ${one.before} ${one.after}`),
    ['b fail pass', 'c pass lost', 'd pass skip', 'e pass absent', 'f fail lost', 'g absent fail'],
  );
  t.deepEqual(
    regressions.map((text) => /mempinfd:(\w)/.exec(text)?.[1]),
    ['c', 'd', 'e', 'f'],
  );
  t.deepEqual(compareResults(before, before).statuses, []);
});

test('a counter that moved is listed and decides nothing', (t) => {
  const before = run({ a: 'pass' }, { stalls: 0, retries: 2 });
  const { counters, regressions } = compareResults(before, run({ a: 'pass' }, { stalls: 3 }));
  t.deepEqual(counters, [
    { id: 'mempinfd:a', counter: 'stalls', before: 0, after: 3 },
    { id: 'mempinfd:a', counter: 'retries', before: 2, after: 0 },
  ]);
  t.deepEqual(regressions, []);
});

test('a new report of the kernel is a regression, one that is gone or allowed is none', (t) => {
  const quiet = run({ a: 'pass' });
  const loud = { ...quiet, splats: [sampleSplat(), sampleSplat()] };
  t.is(compareResults(quiet, loud).regressions.length, 1);
  t.deepEqual(compareResults(loud, quiet).regressions, []);
  t.is(compareResults(loud, quiet).splats[0]?.in, 'before');
  const allowed = { ...quiet, splats: [sampleSplat({ allowed: 'known' })] };
  t.deepEqual(compareResults(quiet, allowed).splats, []);
});

const FIGURE = { operation: 'PIN', backing: 'anon', state: 'present', amount: 4096 };

function bench(...figures: Record<string, string | number>[]) {
  return { schema: 'pinlab.bench/1', figures };
}

test('figures are compared by all that identifies them', (t) => {
  const before = bench(
    { ...FIGURE, instructions: 1000 },
    { ...FIGURE, amount: 8192, instructions: 2000 },
    { ...FIGURE, state: 'gone', instructions: 1 },
  );
  const after = bench(
    { ...FIGURE, amount: 8192, instructions: 2021 },
    { ...FIGURE, instructions: 1010 },
    { ...FIGURE, state: 'new', instructions: 5 },
  );
  const { figures, regressions } = compareBench(before, after, 0.01);
  t.deepEqual(
    figures.map(({ name, ratio }) => [name, ratio]),
    [
      ['PIN, anon, present, 4096', 1.01],
      ['PIN, anon, present, 8192', 1.0105],
      ['PIN, anon, gone, 4096', undefined],
      ['PIN, anon, new, 4096', undefined],
    ],
  );
  t.is(regressions.length, 2);
  t.regex(regressions[0] ?? '', /8192 \(instructions\): 2000 before, 2021 now/);
  t.regex(regressions[1] ?? '', /gone.*is gone$/);
});

test('figures that this version does not know are compared all the same', (t) => {
  const figure = { ...FIGURE, machine: 'htt', instructions: 10, virtualNs: 7 };
  const { figures, regressions } = compareBench(
    bench(figure),
    bench({ ...figure, virtualNs: 9 }),
    0,
  );
  t.deepEqual(
    figures.map(({ measure, ratio }) => [measure, ratio]),
    [
      ['instructions', 1],
      ['virtualNs', 9 / 7],
    ],
  );
  t.is(regressions.length, 1);
});

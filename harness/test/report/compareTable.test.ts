// SPDX-License-Identifier: MIT

import test from 'ava';
import { comparisonText } from '../../report/compareTable.ts';
import { compareBench, compareResults } from '../../schema/compare.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';
import { CONTROLS, hostileResults } from './hostile.ts';

test('figures stand side by side with their ratio', (t) => {
  const figure = { operation: 'PIN', backing: 'anon', amount: 4096 };
  const bench = (instructions: number) => ({
    schema: 'pinlab.bench/1',
    figures: [{ ...figure, instructions }],
  });
  t.is(
    comparisonText(compareBench(bench(1000), bench(1500), 0.01)),
    '                 before   now  ratio\n' +
      'PIN, anon, 4096    1000  1500  1.500\n' +
      'worse: PIN, anon, 4096 (instructions): 1000 before, 1500 now\n' +
      '1 regression\n',
  );
});

test('runs: what changed and how', (t) => {
  const before = sampleResults([sampleTest({ name: 'a', counters: { stalls: 0 } })]);
  const after = sampleResults([sampleTest({ name: 'a', status: 'fail', counters: { stalls: 2 } })]);
  t.is(
    comparisonText(compareResults(before, after)),
    'pass → fail  mempinfd:a\nmempinfd:a  stalls 0 → 2\n1 regression\n',
  );
  t.is(comparisonText(compareResults(before, before)), 'no regression\n');
});

test('text of a hostile guest stays on its line', (t) => {
  const text = comparisonText(compareResults(sampleResults([]), hostileResults()));
  t.notRegex(text, CONTROLS);
  t.notRegex(text, /^(::|ok )/m);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { benchTable } from '../../report/benchTable.ts';
import type { Bench } from '../../schema/bench.ts';

const anon = { backing: 'anon', state: 'present', amount: 65536 };

test('a table for each state, a column for each operation, a dash where nothing was counted', (t) => {
  const bench = {
    figures: [
      { operation: 'PIN', ...anon, instructions: 6326 },
      { operation: 'mlock', ...anon, instructions: 19901 },
      { operation: 'PIN', ...anon, amount: 2 ** 26, instructions: 5 },
      {
        operation: 'UNPIN',
        ...anon,
        state: 'one of so many ranges',
        amount: 1000,
        instructions: 995,
      },
    ],
    unproven: [],
  } as unknown as Bench;
  t.deepEqual(benchTable(bench).split('\n'), [
    'present',
    '               PIN  mlock',
    'anon  64 KiB  6326  19901',
    'anon  64 MiB     5      -',
    '',
    'one of so many ranges',
    '            UNPIN',
    'anon  1000    995',
    '',
  ]);
});

test('what is unproven is listed with all that was counted', (t) => {
  const unproven = [{ operation: 'PIN', ...anon, counted: [1, 2] }];
  t.is(
    benchTable({ figures: [], unproven } as unknown as Bench),
    'unproven: PIN, anon, present, 64 KiB: 1, 2\n',
  );
});

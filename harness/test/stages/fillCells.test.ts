// SPDX-License-Identifier: MIT
import test from 'ava';
import { cellsOf } from '../../stages/fillCells.ts';

const ROW = {
  name: 'KSM',
  columns: [
    { name: 'none', protection: 'none', series: 'ours-without-mm' as const },
    { name: 'GUP pin', protection: 'gup', series: 'ours-without-mm' as const },
  ],
};
const NONE =
  '{"row":"KSM","column":"none","outcome":"measured","pages":16,"stalls":16,"moved":16,"wrong":false,"aborted":false}';

test('cells get the names of the matrix', (t) => {
  const gup =
    '{"row":"KSM","column":"gup","outcome":"inconclusive","reason":"the twin was left alone"}';
  const cells = cellsOf('m', ROW, [gup, NONE], 'unused');
  t.deepEqual(
    cells.map(({ column, outcome, machine }) => [column, outcome, machine]),
    [
      ['none', 'measured', 'm'],
      ['GUP pin', 'inconclusive', 'm'],
    ],
  );
});

test('what a guest did not print is lost, what it did is kept', (t) => {
  const [first, second] = cellsOf('m', ROW, [NONE], 'the guest was lost');
  t.is(first?.stalls, 16);
  t.like(second, { outcome: 'lost', reason: 'the guest was lost' });
});

for (const line of [
  'oops',
  '{"row":"KSM","column":"none","outcome":"measured","stalls":-1}',
  '{"row":"another","column":"none","outcome":"measured"}',
  '{"row":"KSM","column":"none","outcome":"splendid"}',
  NONE.slice(0, 40),
]) {
  test(`no cell is made of ${line}`, (t) => {
    t.is(cellsOf('m', ROW, [line], 'why')[0]?.outcome, 'lost');
  });
}

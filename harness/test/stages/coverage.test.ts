// SPDX-License-Identifier: MIT
import test from 'ava';
import { parseCounts } from '../../stages/coverage.ts';

test('what a guest prints is taken apart into its files', (t) => {
  const bytes = Buffer.from('adcg\0\xff= x\n', 'latin1');
  const encoded = bytes.toString('base64');
  const text = `= .//trees/mm/a.gcda\n${encoded.slice(0, 4)}\n${encoded.slice(4)}\n= ./b.gcda\n`;
  const counts = parseCounts(text);
  t.deepEqual([...counts.keys()], ['.//trees/mm/a.gcda', './b.gcda']);
  t.true(counts.get('.//trees/mm/a.gcda')?.equals(bytes));
  t.deepEqual(parseCounts(''), new Map());
});

// SPDX-License-Identifier: MIT

import test from 'ava';
import { duration } from '../../report/duration.ts';

test('durations for people', (t) => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_900, '59.9 s'],
    [59_990, '1 m 0 s'],
    [358_000, '5 m 58 s'],
    [3_599_900, '1 h 0 m'],
    [7_500_000, '2 h 5 m'],
  ];
  for (const [ms, text] of cases) t.is(duration(ms), text);
});

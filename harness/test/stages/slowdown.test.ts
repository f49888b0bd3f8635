// SPDX-License-Identifier: MIT
import test from 'ava';
import { slowdownOf } from '../../stages/slowdown.ts';

test('a slow boot stretches every timeout, a fast one shrinks none', (t) => {
  t.is(slowdownOf(500), 1);
  t.is(slowdownOf(2_000), 1);
  t.is(slowdownOf(5_000), 2.5);
  t.is(slowdownOf(12_345), 6.2);
});

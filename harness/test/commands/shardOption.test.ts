// SPDX-License-Identifier: MIT
import test from 'ava';
import { parseShard } from '../../commands/shardOption.ts';
import { UsageError } from '../../errors.ts';

test('a shard is a number of a number', (t) => {
  t.deepEqual(parseShard('2/4'), { index: 2, total: 4 });
  t.deepEqual(parseShard('1/1'), { index: 1, total: 1 });
  for (const text of ['0/2', '3/2', '1/0', '2', '/', '1/2/3', '-1/2', 'a/b', '1.5/2', '']) {
    t.throws(() => parseShard(text), { instanceOf: UsageError }, text);
  }
});

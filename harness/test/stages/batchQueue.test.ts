// SPDX-License-Identifier: MIT
import test from 'ava';
import { type BatchQueue, queueFor } from '../../stages/batchQueue.ts';

const TESTS = ['a:1', 'a:2', 'b:1', 'c:1'].map((id) => {
  const [program = '', name = ''] = id.split(':');
  return { id, program, name };
});
const DURATIONS = new Map(TESTS.map(({ id }) => [id, id === 'b:1' ? 900 : 100]));

function drained(queue: BatchQueue): string[] {
  const taken: string[] = [];
  for (let batch = queue.take(); batch; batch = queue.take()) {
    taken.push(batch.tests.map(({ id }) => id).join(' '));
  }
  return taken;
}

test('one guest takes the plan as it is', (t) => {
  t.deepEqual(drained(queueFor(1, TESTS, DURATIONS)), ['a:1 a:2', 'b:1', 'c:1']);
});

test('several take the longest first, and wait for no program that can be divided', (t) => {
  t.deepEqual(drained(queueFor(2, TESTS, DURATIONS)), ['b:1', 'a:1 a:2', 'c:1']);
  const long = TESTS.slice(0, 2);
  t.deepEqual(drained(queueFor(2, long, DURATIONS)), ['a:1', 'a:2']);
});

test('a closed queue gives nothing more', (t) => {
  const queue = queueFor(1, TESTS, DURATIONS);
  queue.take();
  queue.close();
  t.true(queue.closed);
  t.is(queue.take(), undefined);
});

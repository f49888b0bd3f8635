// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { shardOf } from '../../stages/shard.ts';
import type { PlannedTest } from '../../stages/testPlan.ts';

/** Tests of programs a, b, …, as many of each as given. */
function plan(...sizes: number[]): PlannedTest[] {
  return sizes.flatMap((size, i) => {
    const program = String.fromCharCode('a'.charCodeAt(0) + i);
    return Array.from({ length: size }, (_, n) => ({
      ...{ id: `${program}:${n}`, program, name: `${n}` },
    }));
  });
}

const NONE = new Map<string, number>();
const ids = (tests: readonly PlannedTest[]) => tests.map(({ id }) => id);
const cut = (tests: PlannedTest[], total: number, durations: ReadonlyMap<string, number> = NONE) =>
  Array.from({ length: total }, (_, i) => shardOf(tests, { index: i + 1, total }, durations));

test('each test is in one shard, in the order of the plan', (t) => {
  const tests = plan(3, 9, 1, 4, 2);
  for (const total of [1, 2, 3, 5]) {
    const shards = cut(tests, total);
    t.deepEqual(ids(shards.flat()).sort(), ids(tests).sort());
    for (const shard of shards) {
      t.deepEqual(
        shard,
        tests.filter((one) => shard.includes(one)),
      );
    }
  }
});

test('shards take equally long by what was recorded, not by count', (t) => {
  const tests = plan(1, 1, 1, 1, 1, 1);
  const durations = new Map(ids(tests).map((id) => [id, id === 'c:0' ? 5000 : 1000]));
  const [one, two] = cut(tests, 2, durations);
  t.deepEqual(ids(one ?? []), ['c:0']);
  t.deepEqual(ids(two ?? []), ['a:0', 'b:0', 'd:0', 'e:0', 'f:0']);
});

test('a program is divided only if it would outlast a shard', (t) => {
  const whole = cut(plan(4, 4), 2).map((shard) => new Set(shard.map(({ program }) => program)));
  t.deepEqual(whole, [new Set(['a']), new Set(['b'])]);
  const divided = cut(plan(12), 3).map(({ length }) => length);
  t.deepEqual(divided, [4, 4, 4]);
});

test('an unknown test counts like the median of the known', (t) => {
  const durations = new Map([
    ['a:0', 4000],
    ['b:0', 4000],
    ['c:0', 3000],
  ]);
  t.deepEqual(cut(plan(1, 1, 1, 1), 2, durations).map(ids), [
    ['a:0', 'd:0'],
    ['b:0', 'c:0'],
  ]);
});

test('more shards than tests leave one empty, which is not green', (t) => {
  t.throws(() => shardOf(plan(2), { index: 3, total: 3 }, NONE), {
    instanceOf: InfraError,
    message: /shard 3\/3 of 2 tests is empty/,
  });
});

test('more shards than anybody has machines for cost no memory: the others are empty', (t) => {
  const tests = plan(1, 1);
  const last = { index: 4294967296, total: 4294967296 };
  t.throws(() => shardOf(tests, last, NONE), { instanceOf: InfraError, message: /is empty/ });
  t.deepEqual(ids(shardOf(tests, { ...last, index: 2 }, NONE)), ['b:0']);
});

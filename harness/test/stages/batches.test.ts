// SPDX-License-Identifier: MIT
import test from 'ava';
import { batchesOf, longestFirst } from '../../stages/batches.ts';

const TESTS = ['a:1', 'a:2', 'b:1', 'a:3'].map((id) => {
  const [program = '', name = ''] = id.split(':');
  return { id, program, name };
});
const DURATIONS = new Map([
  ['a:1', 100],
  ['a:2', 50],
  ['b:1', 400],
  ['a:3', 10],
]);

const shape = (batches: ReturnType<typeof batchesOf>) =>
  batches.map(({ tests, durationMs }) => `${tests.map(({ id }) => id).join(' ')}: ${durationMs}`);

test('tests of a program that follow each other are one batch, in the order of the plan', (t) => {
  t.deepEqual(shape(batchesOf(TESTS, DURATIONS)), ['a:1 a:2: 150', 'b:1: 400', 'a:3: 10']);
  t.deepEqual(batchesOf([], DURATIONS), []);
});

test('a batch beyond the limit is divided, a single test is not', (t) => {
  t.deepEqual(shape(batchesOf(TESTS, DURATIONS, 120)), [
    'a:1: 100',
    'a:2: 50',
    'b:1: 400',
    'a:3: 10',
  ]);
});

test('the longest batch comes first, equals stay in their order', (t) => {
  const batches = batchesOf(TESTS, DURATIONS);
  t.deepEqual(shape(longestFirst(batches)), ['b:1: 400', 'a:1 a:2: 150', 'a:3: 10']);
  t.deepEqual(shape(batches)[0], 'a:1 a:2: 150');
});

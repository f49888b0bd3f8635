// SPDX-License-Identifier: MIT
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { parseListing, selectTests } from '../../stages/testPlan.ts';

const TESTS = [
  ...parseListing('pin', 'pin.anon.a\tguest-tests/pin.c:3\npin.thp.a\n'),
  ...parseListing('dma', 'dma.b\n'),
];
const ids = (tests: readonly { id: string }[]) => tests.map(({ id }) => id);

test('a listing names each test and where it is', (t) => {
  const [first, second] = TESTS;
  t.deepEqual(first?.source, { file: 'guest-tests/pin.c', line: 3 });
  t.is(second?.source, undefined);
  t.deepEqual(ids(TESTS), ['pin:pin.anon.a', 'pin:pin.thp.a', 'dma:dma.b']);
});

test('suites, pattern and a set of ids each narrow the selection', (t) => {
  t.deepEqual(ids(selectTests(TESTS, { suites: [] })), ids(TESTS));
  t.deepEqual(ids(selectTests(TESTS, { suites: ['dma'] })), ['dma:dma.b']);
  t.deepEqual(ids(selectTests(TESTS, { suites: [], grep: 'anon|dma' })), [
    'pin:pin.anon.a',
    'dma:dma.b',
  ]);
  const only = new Set(['dma:dma.b', 'pin:pin.thp.a', 'gone:test']);
  t.deepEqual(ids(selectTests(TESTS, { suites: ['pin'], only })), ['pin:pin.thp.a']);
});

test('a broken pattern is refused', (t) => {
  t.throws(() => selectTests(TESTS, { suites: [], grep: '(' }), { instanceOf: UsageError });
});

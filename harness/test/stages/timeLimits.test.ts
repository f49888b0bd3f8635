// SPDX-License-Identifier: MIT
import test from 'ava';
import { timeLimits } from '../../stages/timeLimits.ts';

test('a kernel that checks itself gets ten times as long', (t) => {
  t.deepEqual(timeLimits({ flavour: 'base' }), { testTimeoutMs: 60_000, bootTimeoutMs: 60_000 });
  for (const flavour of ['debug', 'kcsan']) {
    t.deepEqual(timeLimits({ flavour }), { testTimeoutMs: 600_000, bootTimeoutMs: 600_000 });
  }
});

test('what the user says counts, on every kernel', (t) => {
  const limits = { testTimeoutMs: 5_000, bootTimeoutMs: 7_000 };
  for (const flavour of ['base', 'debug']) {
    t.deepEqual(timeLimits({ flavour, testTimeout: 5, bootTimeout: 7 }), limits);
  }
});

test('tests that are known to take long have a limit of their own', (t) => {
  t.is(timeLimits({ flavour: 'base', usualTestSeconds: 600 }).testTimeoutMs, 600_000);
  const chosen = { flavour: 'base', usualTestSeconds: 600, testTimeout: 5 };
  t.is(timeLimits(chosen).testTimeoutMs, 5_000);
});

// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { sideBySide } from '../../stages/sideBySide.ts';

const never = new AbortController().signal;

test('workers run at once and all are awaited', async (t) => {
  let running = 0;
  let most = 0;
  await sideBySide(3, never, async () => {
    running += 1;
    most = Math.max(most, running);
    await setTimeout(20);
    running -= 1;
  });
  t.is(most, 3);
  t.is(running, 0);
});

test('the first failure ends the others and is the one that is told', async (t) => {
  let ended = 0;
  let started = 0;
  const running = sideBySide(3, never, async (signal) => {
    started += 1;
    if (started === 2) throw new Error('the disk is full');
    try {
      await setTimeout(60_000, undefined, { signal });
    } finally {
      ended += 1;
    }
  });
  await t.throwsAsync(running, { message: 'the disk is full' });
  t.is(ended, 2);
});

test('an interrupt reaches every worker', async (t) => {
  const interrupt = new AbortController();
  let aborted = 0;
  const running = sideBySide(2, interrupt.signal, async (signal) => {
    await setTimeout(60_000, undefined, { signal }).catch(() => {
      aborted += 1;
    });
  });
  interrupt.abort();
  await running;
  t.is(aborted, 2);
});

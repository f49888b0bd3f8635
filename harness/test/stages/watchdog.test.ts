// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import type { HangingGuest } from '../../stages/answered.ts';
import { Watchdog } from '../../stages/watchdog.ts';

test('a slow guest that is about to end is not asked', async (t) => {
  const exited = setTimeout(400);
  const guest = {
    ...{ vm: { exited }, console: { closed: exited } },
    within: (ms: number) => ms * 10,
  } as unknown as HangingGuest;
  const watchdog = new Watchdog({ directory: '/nonexistent', kernelConfig: '/nonexistent' });
  t.deepEqual(await watchdog.report(guest, { awaited: 'an answer' }), []);
});

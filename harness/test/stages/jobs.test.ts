// SPDX-License-Identifier: MIT
import test from 'ava';
import { guestsThatFit } from '../../stages/jobs.ts';

const GUEST = { cpus: 2, memoryMiB: 1024 };

test('as many guests as the host has CPUs and memory for, and always one', (t) => {
  t.is(guestsThatFit(GUEST, { cpus: 2, memoryMiB: 32_000 }), 1);
  t.is(guestsThatFit(GUEST, { cpus: 9, memoryMiB: 32_000 }), 4);
  t.is(guestsThatFit(GUEST, { cpus: 64, memoryMiB: 3_200 }), 2);
  t.is(guestsThatFit(GUEST, { cpus: 1, memoryMiB: 500 }), 1);
  t.true(guestsThatFit(GUEST) >= 1);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import type { Counts } from '../../ktap/expectation.ts';
import { countsSince, unanswered } from '../../stages/countsSince.ts';

function counts(smmu: Record<string, number>): Counts {
  return { device: { stalls: 9 }, smmu };
}

/** Reads the next of `all`, and the last one again and again. */
function reader(...all: Counts[]) {
  return async () => (all.length > 1 ? all.shift() : all[0]) as Counts;
}

test('every answer counts, whatever it is', (t) => {
  t.is(unanswered(counts({ stalls: 6, retries: 3, aborts: 2, 'raz-wi': 1 })), 0);
  t.is(unanswered(counts({ stalls: 6, retries: 3, aborts: 1, 'raz-wi': 1 })), 1);
  t.is(unanswered(counts({ stalls: 0, aborts: 1 })), 0);
  t.is(unanswered(counts({})), 0);
});

test('an answer that comes late is waited for', async (t) => {
  const before = counts({ stalls: 5, retries: 5 });
  const waits = counts({ stalls: 7, retries: 6 });
  const answered = counts({ stalls: 7, retries: 6, aborts: 1 });
  const since = await countsSince(before, reader(waits, waits, answered), 60_000);
  t.deepEqual(since, { device: { stalls: 0 }, smmu: { stalls: 2, retries: 1, aborts: 1 } });
});

test('one that never comes is not waited for without end', async (t) => {
  const since = await countsSince(counts({}), reader(counts({ stalls: 1 })), 50);
  t.is(unanswered(since), 1);
});

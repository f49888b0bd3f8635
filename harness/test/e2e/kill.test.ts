// SPDX-License-Identifier: MIT
import test from 'ava';
import { killRounds } from './kill.ts';
import { seedOf } from './seededRandom.ts';

// KILL_SEED repeats what a seed did; harness/test/full/kill.test.ts does it 100 times.
test('whoever is killed whenever: no orphan, no broken artifact, no lost verdict, and the next run works', async (t) => {
  await killRounds(t, seedOf(process.env.KILL_SEED), 6);
});

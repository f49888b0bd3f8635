// SPDX-License-Identifier: MIT
import test from 'ava';
import { killRounds } from '../e2e/kill.ts';
import { seedOf } from '../e2e/seededRandom.ts';

// KILL_SEED repeats what a seed did.
test.serial('a hundred kills at random moments leave and lose nothing', async (t) => {
  await killRounds(t, seedOf(process.env.KILL_SEED), 100);
});

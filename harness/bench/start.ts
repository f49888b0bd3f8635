// SPDX-License-Identifier: MIT
import { run } from '../host/spawn.ts';
import { readResults } from '../stages/readResults.ts';
import { type Pair, timed } from './pairs.ts';

/** Runs of `npm start` in the checkout `root` with nothing to build, each beside the sum of its tests' own time. */
export async function startPairs(root: string, output: string, rounds: number): Promise<Pair[]> {
  // With one guest at a time, since tests side by side take less than their sum.
  const args = ['start', '--', '--jobs', '1', '--output', output];
  const options = { what: 'npm start', cwd: root, env: { CI: 'true' } };
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ours = await timed(() => run('npm', args, options));
    const { tests } = await readResults(output);
    pairs.push({ ours, floor: tests.reduce((sum, { durationMs }) => sum + durationMs, 0) });
  }
  return pairs;
}

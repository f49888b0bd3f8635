// SPDX-License-Identifier: MIT
import { BISECT, bisectCode, bisectCodeOfError } from '../schema/bisect.ts';
import type { Results } from '../schema/results.ts';
import { explain } from './explain.ts';

const MEANING: Record<number, string> = {
  [BISECT.good]: 'good',
  [BISECT.bad]: 'bad',
  [BISECT.skip]: 'no verdict',
  [BISECT.abort]: 'stop',
};

/** Runs `once`, and returns what `git bisect run` is to make of it. */
export async function forBisect(
  once: () => Promise<Results>,
  fingerprint: string | undefined,
): Promise<number> {
  const code = await once().then(
    (results) => bisectCode(results, fingerprint),
    (error: unknown) => {
      process.stderr.write(`${explain(error)}\n`);
      return bisectCodeOfError(error);
    },
  );
  process.stderr.write(`bisect: ${MEANING[code] ?? 'interrupted'}\n`);
  return code;
}

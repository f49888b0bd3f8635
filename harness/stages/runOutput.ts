// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { tryLock } from '../host/lock.ts';

/** What guests leave behind, one file each, which another run may not have as many of. */
const OF_GUESTS = /^(console|hang)(-\d+)?\.(log|txt)$/;

/** Makes `output` this run's alone until disposed: two must not write to the same results. */
export async function claimOutput(output: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const claim = await tryLock(join(output, '.lock'), { what: output, signal });
  if (!claim) {
    throw new UsageError(`another run writes to ${output}`, {
      hint: 'give this one a directory of its own: --output DIR',
    });
  }
  const stale = (await readdir(output)).filter((name) => OF_GUESTS.test(name));
  await Promise.all(stale.map((name) => rm(join(output, name))));
  return claim;
}

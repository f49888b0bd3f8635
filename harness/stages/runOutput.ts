// SPDX-License-Identifier: MIT
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { tryLock } from '../host/lock.ts';
import { earlierResults, RESULTS_FILES, resultsFile } from './readResults.ts';

/** What guests leave behind, one file each, which another run may not have as many of. */
const OF_GUESTS = /^(console|hang)(-\d+)?\.(log|txt)$/;
/** What reporters make of results. */
const REPORTS = ['report.html', 'junit.xml', 'coverage.lcov'];

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

/**
 * Takes from `output` what another run said: one that ends before its first test must not leave the
 * verdict of that one as its own. Which tests failed there stays known to `lastFailed`.
 */
export async function setAside(output: string): Promise<void> {
  const results = await resultsFile(output);
  if (results !== undefined) {
    const earlier = earlierResults(output);
    await rm(earlier, { recursive: true, force: true });
    await mkdir(earlier);
    await rename(results, join(earlier, basename(results)));
  }
  const stale = [...RESULTS_FILES, ...REPORTS].map((name) => join(output, name));
  await Promise.all(stale.map((file) => rm(file, { force: true })));
}

/** Forgets what `setAside` took from `output`: this run has results of its own. */
export async function forgetEarlier(output: string): Promise<void> {
  await rm(earlierResults(output), { recursive: true, force: true });
}

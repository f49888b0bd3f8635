// SPDX-License-Identifier: MIT
import { BootError, BuildError, DISK_FULL, EXIT, MismatchError } from '../errors.ts';
import type { Results, TestResult } from './results.ts';
import { decidingAttempt, isBad } from './verdict.ts';

/** What `git bisect run` understands: good, bad, cannot be judged, and stop everything. */
export const BISECT = { good: 0, bad: 1, skip: 125, abort: 128 } as const;

/**
 * What a finished run says of a commit. With a fingerprint it is bad only if the kernel made that
 * report, without one only if a selected test failed; anything else that went wrong is no verdict.
 */
export function bisectCode({ tests, splats, summary }: Results, fingerprint?: string): number {
  if (summary.exitCode === EXIT.interrupted) return EXIT.interrupted;
  const bad = fingerprint
    ? splats.some((splat) => splat.fingerprint === fingerprint)
    : tests.some(failed);
  if (bad) return BISECT.bad;
  return summary.exitCode === EXIT.ok ? BISECT.good : BISECT.skip;
}

/** What an error says of a commit that came before any verdict: a broken host says nothing of any. */
export function bisectCodeOfError(error: unknown): number {
  const ofTheTree = [BuildError, BootError, MismatchError].some((kind) => error instanceof kind);
  return ofTheTree && !isDiskFull(error) ? BISECT.skip : BISECT.abort;
}

/**
 * A test that never started, or could not go on, says nothing of the commit. Nor does one whose QEMU a
 * signal ended, be it the host's or that of QEMU's own crash.
 */
function failed({ attempts }: TestResult): boolean {
  const decisive = decidingAttempt(attempts);
  if (decisive === undefined || decisive.qemuEndedBy !== undefined) return false;
  return isBad(decisive);
}

/** strerror(ENOSPC), which every build tool prints. */
function isDiskFull(error: unknown): boolean {
  return error instanceof BuildError && (error.output ?? '').includes(DISK_FULL);
}

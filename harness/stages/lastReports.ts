// SPDX-License-Identifier: MIT
import { commandLine } from '../host/spawn.ts';
import type { Splat } from '../schema/results.ts';
import { REPORT_TIMEOUT_MS } from './splatWatch.ts';
import type { TestGuest } from './testGuest.ts';

/** What the console shows last before a guest ends; no test has this id. */
const MARK = 'guest';
const MARK_TIMEOUT_MS = 5_000;

/**
 * What the kernel reported since the last test in a guest, which is about to be ended. One that dies
 * just then, or hangs, has had its last words.
 */
export async function lastReports(
  { guest, watch }: TestGuest,
  signal: AbortSignal,
): Promise<Splat[]> {
  const timeoutMs = guest.within(MARK_TIMEOUT_MS);
  const command = `${commandLine('echo', [watch.marker('end', MARK)])} > /dev/kmsg`;
  await guest.ssh.exec(command, { what: 'end a guest', timeoutMs, signal });
  await watch.settle(MARK, timeoutMs);
  return watch.take(guest.within(REPORT_TIMEOUT_MS));
}

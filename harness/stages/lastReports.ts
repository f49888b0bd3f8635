// SPDX-License-Identifier: MIT
import { describe } from '../guest/ending.ts';
import { commandLine } from '../host/spawn.ts';
import { printable } from '../schema/printable.ts';
import type { Splat } from '../schema/results.ts';
import { fingerprint } from '../splat/fingerprint.ts';
import { REPORT_TIMEOUT_MS } from './splatWatch.ts';
import type { TestGuest } from './testGuest.ts';
import type { Watchdog } from './watchdog.ts';

export interface LastReportsOptions {
  /** Asks the kernel of a guest that hangs. */
  watchdog: Watchdog;
  signal: AbortSignal;
}

/** What the console shows last before a guest ends; no test has this id. */
const MARK = 'guest';
/** As long as the console may lag behind a test. */
const MARK_TIMEOUT_MS = 10_000;

/**
 * What the kernel reported since the last test in a guest, which is about to be ended. That one dies
 * just then, or hangs, is a report of its own.
 */
export async function lastReports(
  on: TestGuest,
  { watchdog, signal }: LastReportsOptions,
): Promise<Splat[]> {
  const { guest, watch, number } = on;
  const why = await whyNotMarked(on, signal);
  const splats = await watch.take(guest.within(REPORT_TIMEOUT_MS));
  // An interrupt ends the guest, and that is no hang.
  if (why === undefined || signal.aborted) return splats;
  const awaited = `the end of guest ${number} after its last test; ${why}`;
  // Only now: what the kernel says when it is asked is no report of its own.
  const hang = await watchdog.report(guest, { awaited });
  return [...splats, noAnswer([`awaited: ${awaited}`, ...hang])];
}

/** Has the console show that no test follows; tells why it did not, or in what state it left the guest. */
async function whyNotMarked(
  { guest, watch }: TestGuest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const timeoutMs = guest.within(MARK_TIMEOUT_MS);
  const command = `${commandLine('echo', [watch.marker('end', MARK)])} > /dev/kmsg`;
  const ending = await guest.ssh.exec(command, { what: 'end a guest', timeoutMs, signal });
  const shown = await watch.settle(MARK, timeoutMs);
  if (ending.how === 'timedOut' || ending.how === 'lost')
    return `the command that asks for it ${printable(describe(ending))}`;
  return shown ? undefined : `the guest’s console did not show it within ${timeoutMs} ms`;
}

function noAnswer(lines: readonly string[]): Splat {
  const kind = 'no-answer';
  const title = 'no answer from a guest after its last test';
  const named = { kind, title, fingerprint: fingerprint(kind, title, []) };
  return { ...named, test: null, text: lines.join('\n'), frames: [] };
}

// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Guest } from './bootGuest.ts';
import { checkGuestContract } from './guestContract.ts';
import { SplatWatch } from './splatWatch.ts';
import type { Watchdog } from './watchdog.ts';

/** A guest in which tests can run, and what its kernel says meanwhile; disposal ends it. */
export interface TestGuest extends AsyncDisposable {
  readonly guest: Guest;
  readonly watch: SplatWatch;
}

export interface TestGuestRequest {
  /** A directory that holds the programs. */
  programs: string;
  /** Boots a guest whose console lines go to `onLine`, from the first. */
  boot: (onLine: (line: string) => void) => Promise<Guest>;
  /** What /proc/config.gz of the guest must hash to. */
  configSha256: string;
  /** Asks the kernel of a guest that hangs. */
  watchdog: Watchdog;
  signal: AbortSignal;
}

/** Where the programs are in the guest. */
export const GUEST_DIRECTORY = '/tests';

const UPLOAD_TIMEOUT_MS = 60_000;

/** Boots a guest, makes sure that it is the one that was built, and copies the programs into it. */
export async function openTestGuest(request: TestGuestRequest): Promise<TestGuest> {
  const watch = new SplatWatch(randomBytes(8).toString('hex'));
  await using scope = new AsyncDisposableStack();
  const guest = scope.use(await request.boot((line) => watch.push(line)));
  try {
    const { configSha256, signal } = request;
    await Promise.all([checkGuestContract(guest, configSha256, signal), upload(guest, request)]);
  } catch (error) {
    if (!request.signal.aborted) await askWhy(guest, error as Error, request);
    throw error;
  }
  const owned = scope.move();
  return { guest, watch, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function upload({ ssh, within }: Guest, { programs, signal }: TestGuestRequest): Promise<void> {
  const timeoutMs = within(UPLOAD_TIMEOUT_MS);
  const what = 'copy the test programs into the guest';
  return ssh.upload(programs, GUEST_DIRECTORY, { what, timeoutMs, signal });
}

function askWhy(guest: Guest, { message }: Error, { watchdog }: TestGuestRequest) {
  return watchdog.report(guest, { awaited: `a guest that is ready for tests; ${message}` });
}

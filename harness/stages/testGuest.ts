// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Guest } from './bootGuest.ts';
import { checkGuestContract } from './guestContract.ts';
import { SplatWatch } from './splatWatch.ts';

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
  await Promise.all([
    checkGuestContract(guest.ssh, request.configSha256, request.signal),
    upload(guest, request),
  ]);
  const owned = scope.move();
  return { guest, watch, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function upload({ ssh }: Guest, { programs, signal }: TestGuestRequest): Promise<void> {
  const what = 'copy the test programs into the guest';
  return ssh.upload(programs, GUEST_DIRECTORY, { what, timeoutMs: UPLOAD_TIMEOUT_MS, signal });
}

// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Splat } from '../schema/results.ts';
import { type Asking, answered, type HangingGuest } from './answered.ts';
import { type BootRequest, bootGuest, type Guest } from './bootGuest.ts';
import { GUEST_DIRECTORY } from './buildGuestTests.ts';
import type { ConsoleLogs } from './consoleLogs.ts';
import type { CoverageCollector } from './coverage.ts';
import { checkGuestContract } from './guestContract.ts';
import { restoreGuest } from './restoreGuest.ts';
import type { Snapshot } from './snapshot.ts';
import { REPORT_TIMEOUT_MS, SplatWatch } from './splatWatch.ts';
import type { Watchdog } from './watchdog.ts';

/** A guest in which tests can run, and what its kernel says meanwhile; disposal ends it. */
export interface TestGuest extends AsyncDisposable {
  readonly guest: Guest;
  readonly watch: SplatWatch;
  /** Counts the guests of a run from 1, as their console logs do. */
  readonly number: number;
}

export interface TestGuestRequest {
  machine: Omit<BootRequest, 'consoleFile' | 'onLine' | 'onHang'>;
  /** Takes what the kernel of a guest reported that did not become ready for tests. */
  onSplats: (splats: readonly Splat[]) => Promise<unknown>;
  /** A directory that holds the programs. */
  programs: string;
  /** What /proc/config.gz of the guest must hash to. */
  configSha256: string;
  /** Where consoles go. */
  logs: ConsoleLogs;
  /** Asks the kernel of a guest that hangs. */
  watchdog: Watchdog;
  /** Takes what the kernels of the guests counted, where they count. */
  coverage?: CoverageCollector | undefined;
}

const UPLOAD_TIMEOUT_MS = 60_000;

/** Boots a guest, makes sure that it is the one that was built, and copies the programs into it. */
export function bootTestGuest(request: TestGuestRequest): Promise<TestGuest> {
  const asking = askingOf(request, 'a guest that is ready for tests');
  return open(request, asking, async (followed) => {
    await using scope = new AsyncDisposableStack();
    const guest = scope.use(await bootGuest({ ...request.machine, ...followed }));
    await answered(guest, prepare(guest, request), followed);
    scope.move();
    return guest;
  });
}

/** Starts a guest from the snapshot of one that was booted as above. */
export function restoreTestGuest(
  request: TestGuestRequest,
  snapshot: Snapshot,
): Promise<TestGuest> {
  const asking = askingOf(request, 'a guest that starts from a snapshot');
  return open(request, asking, (followed) =>
    restoreGuest({ ...request.machine, ...followed }, snapshot),
  );
}

/** Has the kernel asked of a guest that does not become what is `awaited`. */
export function askingOf({ watchdog, machine }: TestGuestRequest, awaited: string): Asking {
  const onHang = (guest: HangingGuest, { message }: Error) =>
    watchdog.report(guest, { awaited: `${awaited}; ${message}` });
  return { onHang, signal: machine.signal };
}

/** A guest with its console in the next log and all its lines watched. */
async function open(
  { logs, coverage, onSplats }: TestGuestRequest,
  asking: Asking,
  start: (followed: Pick<BootRequest, 'consoleFile' | 'onLine'> & Asking) => Promise<Guest>,
): Promise<TestGuest> {
  await using scope = new AsyncDisposableStack();
  const log = scope.use(logs.open());
  const watch = new SplatWatch(randomBytes(8).toString('hex'));
  const onLine = (line: string) => watch.push(line);
  let told: Promise<unknown> | undefined;
  const tell = () => {
    told ??= watch.take(REPORT_TIMEOUT_MS).then(onSplats);
    return told;
  };
  const onHang: Asking['onHang'] = async (hanging, error) => {
    // What the kernel says when it is asked is no report of its own.
    await tell();
    await asking.onHang?.(hanging, error);
  };
  const starting = start({ ...asking, onHang, consoleFile: log.file, onLine });
  const guest = scope.use(
    await starting.catch(async (error) => {
      await tell();
      throw error;
    }),
  );
  const owned = scope.move();
  const { number } = log;
  const end = async () => {
    await coverage?.collect(guest);
    await owned.disposeAsync();
  };
  return { guest, watch, number, [Symbol.asyncDispose]: end };
}

async function prepare(guest: Guest, request: TestGuestRequest) {
  const { configSha256, machine } = request;
  const asked = { configSha256, cpus: machine.machine.cpus };
  await Promise.all([checkGuestContract(guest, asked, machine.signal), upload(guest, request)]);
}

function upload({ ssh, within }: Guest, { programs, machine }: TestGuestRequest): Promise<void> {
  const { signal } = machine;
  const timeoutMs = within(UPLOAD_TIMEOUT_MS);
  const what = 'copy the test programs into the guest';
  return ssh.upload(programs, GUEST_DIRECTORY, { what, timeoutMs, signal });
}

// SPDX-License-Identifier: MIT
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { REPORT_TIMEOUT_MS } from './splatWatch.ts';
import {
  askingOf,
  bootTestGuest,
  restoreTestGuest,
  type TestGuest,
  type TestGuestRequest,
} from './testGuest.ts';
import type { TestRecord } from './testRecord.ts';

/** What shares a guest: all tests, those of one program, or none. */
export const ISOLATIONS = ['none', 'program', 'test'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** Guests that no test has touched, as many as are asked for; disposal frees what they start from. */
export interface GuestSource extends AsyncDisposable {
  open(): Promise<TestGuest>;
  /** Has the next guest ready before it is asked for, if it is one that starts from a snapshot. */
  prepare(): void;
}

/** Where guests come from: where several are needed one boots, and all start from its snapshot. */
export function openGuestSource(
  request: TestGuestRequest,
  needed: { isolation: Isolation; batches: number },
  record: TestRecord,
): GuestSource {
  const { isolation, batches } = needed;
  if (isolation === 'none') return bootedGuests(request, record);
  const alone = isolation === 'program' && batches === 1;
  return restoredGuests(request, record, alone);
}

function bootedGuests(request: TestGuestRequest, record: TestRecord): GuestSource {
  return {
    open: () => boot(request, record),
    prepare: () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function boot(request: TestGuestRequest, record: TestRecord): Promise<TestGuest> {
  const on = await bootTestGuest(request);
  record.booted(on.guest);
  return on;
}

/** `alone`: if all goes well one guest is enough, which then boots and needs no snapshot. */
function restoredGuests(
  request: TestGuestRequest,
  record: TestRecord,
  alone: boolean,
): GuestSource {
  const scope = new AsyncDisposableStack();
  let snapshot: Promise<Snapshot> | undefined;
  let spare: Promise<TestGuest> | undefined;
  let boots = alone;
  const restore = async () => {
    snapshot ??= bootForSnapshot(request, record).then((taken) => scope.use(taken));
    return restoreTestGuest(request, await snapshot);
  };
  return {
    open() {
      if (boots) {
        boots = false;
        return boot(request, record);
      }
      const next = spare ?? restore();
      spare = undefined;
      return next;
    },
    prepare() {
      if (!snapshot || spare) return;
      spare = restore();
      // Told to whoever asks for the guest, if somebody does.
      spare.catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      const unused = await spare?.catch(() => undefined);
      await unused?.[Symbol.asyncDispose]();
      await scope.disposeAsync();
    },
  };
}

async function bootForSnapshot(request: TestGuestRequest, record: TestRecord): Promise<Snapshot> {
  await using on = await boot(request, record);
  // The guests that start from the snapshot count from zero.
  await request.coverage?.collect(on.guest);
  await using scope = new AsyncDisposableStack();
  const asking = askingOf(request, 'a guest for a snapshot');
  const snapshot = scope.use(await takeSnapshot(on.guest, on.watch, asking));
  // What the kernel reported at boot: no other guest will.
  await record.addSplats(await on.watch.take(on.guest.within(REPORT_TIMEOUT_MS)));
  scope.move();
  return snapshot;
}

// SPDX-License-Identifier: MIT
import { takeSnapshot } from './snapshot.ts';
import {
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
}

/** Where guests come from: where many are needed one boots, and all start from its snapshot. */
export function openGuestSource(
  request: TestGuestRequest,
  isolation: Isolation,
  record: TestRecord,
): GuestSource {
  return isolation === 'none' ? bootedGuests(request, record) : restoredGuests(request, record);
}

function bootedGuests(request: TestGuestRequest, record: TestRecord): GuestSource {
  return {
    async open() {
      const on = await bootTestGuest(request);
      record.booted(on.guest);
      return on;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const REPORT_TIMEOUT_MS = 1_000;

function restoredGuests(request: TestGuestRequest, record: TestRecord): GuestSource {
  const scope = new AsyncDisposableStack();
  const boot = async () => {
    await using on = await bootTestGuest(request);
    record.booted(on.guest);
    // The guests that start from the snapshot count from zero.
    await request.coverage?.collect(on.guest);
    const snapshot = scope.use(await takeSnapshot(on.guest, on.watch, request.machine.signal));
    // What the kernel reported at boot: no other guest will.
    await record.addSplats(await on.watch.take(on.guest.within(REPORT_TIMEOUT_MS)));
    return snapshot;
  };
  let snapshot: ReturnType<typeof boot> | undefined;
  return {
    async open() {
      snapshot ??= boot();
      return restoreTestGuest(request, await snapshot);
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

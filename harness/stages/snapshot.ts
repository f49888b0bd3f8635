// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import { InfraError } from '../errors.ts';
import { unlinkedFile } from '../host/unlinkedFile.ts';
import { READY_PORT } from '../qemu/args.ts';
import { saveState } from '../qemu/migration.ts';
import type { Qmp } from '../qemu/qmp.ts';
import { type Asking, answered } from './answered.ts';
import type { Guest } from './bootGuest.ts';
import { GUEST_DIRECTORY, RESEED } from './buildGuestTests.ts';
import type { SplatWatch } from './splatWatch.ts';

/** The state of a guest, from which any number of others can start; disposal frees it. */
export interface Snapshot extends AsyncDisposable, Pick<Guest, 'slowdown' | 'within'> {
  readonly path: string;
}

const SAVE_TIMEOUT_MS = 60_000;
const COMMAND_TIMEOUT_MS = 20_000;
/** What the console shows last before the snapshot; no test has this id. */
const MARK = 'snapshot';

/** Takes a snapshot of a guest that is ready for tests, which is of no use after that. */
export async function takeSnapshot(
  guest: Guest,
  watch: SplatWatch,
  asking: Asking,
): Promise<Snapshot> {
  const { vm, slowdown, within } = guest;
  await answered(guest, prepare(guest, watch, asking.signal), asking);
  await using scope = new AsyncDisposableStack();
  const { path } = scope.use(await unlinkedFile());
  await saveState(vm.qmp, path, { timeoutMs: within(SAVE_TIMEOUT_MS) });
  const owned = scope.move();
  return { path, slowdown, within, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Leaves the guest with nothing to do but to wait for whoever restores it. */
async function prepare({ vm, ssh, within }: Guest, watch: SplatWatch, signal: AbortSignal) {
  const what = 'prepare the guest for its snapshot';
  const timeoutMs = within(COMMAND_TIMEOUT_MS);
  const mark = `echo '${watch.marker('end', MARK)}' > /dev/kmsg`;
  await ssh.output(`${ARM_RESEED} && ${mark}`, { what, timeoutMs, signal });
  if (!(await watch.settle(MARK, timeoutMs))) {
    throw new InfraError(`${what}: its console is silent`);
  }
  await ssh[Symbol.asyncDispose]();
  await untilDisconnected(vm.qmp, timeoutMs);
}

/** A process that waits at the port for whoever restores the guest. */
const ARM_RESEED = [
  `name=$(grep -lx ${READY_PORT} /sys/class/virtio-ports/*/name)`,
  'port=/dev/$(basename "$(dirname "$name")")',
  `(${GUEST_DIRECTORY}/${RESEED} "$port" < /dev/null > /dev/null 2>&1 &)`,
].join(' && ');

/** The forward itself is listed as well, and what both ends have closed. */
const OPEN_CONNECTION = /TCP\[(?!HOST_FORWARD|TIME_WAIT|CLOSED)/;

/** Connections of this QEMU are none of another's: a guest that remembers one would wait for it. */
async function untilDisconnected(qmp: Qmp, timeoutMs: number) {
  const deadline = performance.now() + timeoutMs;
  while (OPEN_CONNECTION.test(await qmp.humanMonitor('info usernet'))) {
    if (performance.now() > deadline) {
      throw new InfraError(`the guest did not close its SSH connection within ${timeoutMs} ms`);
    }
    await setTimeout(5);
  }
}

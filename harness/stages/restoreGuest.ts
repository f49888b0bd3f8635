// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { InfraError, InterruptedError } from '../errors.ts';
import { Ssh } from '../guest/ssh.ts';
import { loadState } from '../qemu/migration.ts';
import { launch, type Vm } from '../qemu/vm.ts';
import { answered } from './answered.ts';
import { type BootRequest, CONNECT_TIMEOUT_MS, type Guest } from './bootGuest.ts';
import { GuestConsole } from './guestConsole.ts';
import type { Snapshot } from './snapshot.ts';

const LOAD_TIMEOUT_MS = 30_000;
const RESEED_TIMEOUT_MS = 10_000;
/** guest-tests/main/reseed.c takes as many. */
const SEED_BYTES = 64;

/**
 * Starts a guest where `snapshot` was taken, with random numbers of its own. Its console begins
 * there; it has no memory of the other guests that started from the same snapshot.
 */
export async function restoreGuest(request: BootRequest, snapshot: Snapshot): Promise<Guest> {
  const { qemu, machine, signal } = request;
  const { within, slowdown } = snapshot;
  const startedAt = performance.now();
  await using scope = new AsyncDisposableStack();
  const options = { signal, slowdown, beginning: 'awaitState' } as const;
  const vm = scope.use(await launch(qemu, machine, options));
  const console = new GuestConsole(vm.console, request.consoleFile);
  if (request.onLine) console.follow(request.onLine);
  const resumed = resume(vm, request, snapshot);
  const ssh = scope.use(await answered({ vm, console, within }, resumed, request));
  const owned = scope.move();
  return {
    ...{ vm, ssh, console, within, slowdown },
    bootMs: Math.round(performance.now() - startedAt),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Lets the guest go on where the snapshot was taken, and connects to it. */
async function resume(
  vm: Vm,
  { hostPublicKey, clientKey, signal }: BootRequest,
  { path, within }: Snapshot,
): Promise<Ssh> {
  await loadState(vm.qmp, path, { timeoutMs: within(LOAD_TIMEOUT_MS) });
  await reseed(vm.ready, within(RESEED_TIMEOUT_MS), signal);
  const address = { port: vm.sshPort, hostPublicKey, clientKey };
  return Ssh.connect(address, { timeoutMs: within(CONNECT_TIMEOUT_MS), signal });
}

/** Before anybody connects: the first thing that SSH does is to draw random numbers. */
async function reseed(port: Duplex, timeoutMs: number, signal: AbortSignal) {
  const over = new AbortController();
  const reply = new Promise<'reseeded' | 'ended'>((resolve) => {
    port.once('data', () => resolve('reseeded'));
    port.once('close', () => resolve('ended'));
  });
  port.write(randomBytes(SEED_BYTES));
  const late = setTimeout(timeoutMs, 'late' as const, {
    signal: AbortSignal.any([over.signal, signal]),
  }).catch(() => 'interrupted' as const);
  const how = await Promise.race([reply, late]);
  over.abort();
  if (how === 'reseeded') return;
  if (signal.aborted) throw new InterruptedError('interrupted: restore a guest');
  const what = how === 'ended' ? 'ended' : `did not answer within ${timeoutMs} ms`;
  throw new InfraError(`a guest that was restored from a snapshot ${what}`, {
    hint: 'with --isolate none every guest boots',
  });
}

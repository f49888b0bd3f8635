// SPDX-License-Identifier: MIT
import type { WriteStream } from 'node:fs';
import { untilReady } from '../guest/ready.ts';
import { Ssh } from '../guest/ssh.ts';
import type { Machine } from '../qemu/args.ts';
import { launch } from '../qemu/vm.ts';
import { type Asking, answered, type HangingGuest } from './answered.ts';
import { GuestConsole } from './guestConsole.ts';
import { slowdownOf } from './slowdown.ts';

/** What a boot needs. */
export interface BootRequest extends Asking {
  qemu: string;
  machine: Machine;
  hostPublicKey: string;
  clientKey: string;
  /** Where the console goes. */
  consoleFile: WriteStream;
  /** How long the guest may take from power-on to its SSH server. */
  timeoutMs: number;
  /** Called with each line of the console, from the first. */
  onLine?: (line: string) => void;
}

/** A booted guest with one SSH connection; disposal ends its QEMU. */
export interface Guest extends AsyncDisposable, HangingGuest {
  readonly ssh: Ssh;
  /** From power-on to the SSH connection, on the host's clock. */
  readonly bootMs: number;
  /** How many times slower it is than timeouts assume. */
  readonly slowdown: number;
}

/** How long a guest whose SSH server listens may take to let us in. */
export const CONNECT_TIMEOUT_MS = 20_000;

/** Boots `request.machine`; `BootError` with the console's end if its kernel does not come up. */
export async function bootGuest(request: BootRequest): Promise<Guest> {
  const { qemu, machine, hostPublicKey, clientKey, timeoutMs, signal } = request;
  const startedAt = performance.now();
  await using scope = new AsyncDisposableStack();
  const vm = scope.use(await launch(qemu, machine, { signal }));
  void Ssh.load();
  const console = new GuestConsole(vm.console, request.consoleFile);
  if (request.onLine) console.follow(request.onLine);
  const exited = vm.exited.then(async ({ code, signal: by }) => {
    await console.closed;
    return by ? `was ended by ${by}` : `exited with ${code}`;
  });
  const consoleTail = () => console.tail();
  const ready = untilReady(vm.ready, { exited, timeoutMs, consoleTail, signal });
  await answered({ vm, console, ...pace(0) }, ready, request);
  const paced = pace(performance.now() - startedAt);
  vm.qmp.timeoutMs = paced.within(vm.qmp.timeoutMs);
  const address = { port: vm.sshPort, hostPublicKey, clientKey };
  const connect = { timeoutMs: paced.within(CONNECT_TIMEOUT_MS), signal };
  const connecting = Ssh.connect(address, connect);
  const ssh = scope.use(await answered({ vm, console, ...paced }, connecting, request));
  const owned = scope.move();
  return {
    ...{ vm, ssh, console, ...paced },
    bootMs: Math.round(performance.now() - startedAt),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a guest that took `readyMs` to become ready is to be given time for. */
function pace(readyMs: number): Pick<Guest, 'slowdown' | 'within'> {
  const slowdown = slowdownOf(readyMs);
  return { slowdown, within: (ms) => Math.round(ms * slowdown) };
}

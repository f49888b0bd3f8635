// SPDX-License-Identifier: MIT
import type { WriteStream } from 'node:fs';
import { untilReady } from '../guest/ready.ts';
import { Ssh } from '../guest/ssh.ts';
import type { Machine } from '../qemu/args.ts';
import { launch, type Vm } from '../qemu/vm.ts';
import { GuestConsole } from './guestConsole.ts';

/** What a boot needs. */
export interface BootRequest {
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
  signal: AbortSignal;
}

/** A booted guest with one SSH connection; disposal ends its QEMU. */
export interface Guest extends AsyncDisposable {
  readonly vm: Vm;
  readonly ssh: Ssh;
  readonly console: GuestConsole;
  /** From power-on to the SSH connection, on the host's clock. */
  readonly bootMs: number;
}

const CONNECT_TIMEOUT_MS = 20_000;

/** Boots `request.machine`; `BootError` with the console's end if its kernel does not come up. */
export async function bootGuest(request: BootRequest): Promise<Guest> {
  const { qemu, machine, hostPublicKey, clientKey, timeoutMs, signal } = request;
  const startedAt = performance.now();
  await using scope = new AsyncDisposableStack();
  const vm = scope.use(await launch(qemu, machine, { signal }));
  const console = new GuestConsole(vm.console, request.consoleFile);
  if (request.onLine) console.follow(request.onLine);
  const exited = vm.exited.then(async ({ code, signal: by }) => {
    await console.closed;
    return by ? `was ended by ${by}` : `exited with ${code}`;
  });
  const consoleTail = () => console.tail();
  await untilReady(vm.ready, { exited, timeoutMs, consoleTail, signal });
  const address = { port: vm.sshPort, hostPublicKey, clientKey };
  const ssh = scope.use(await Ssh.connect(address, { timeoutMs: CONNECT_TIMEOUT_MS, signal }));
  const owned = scope.move();
  return {
    vm,
    ssh,
    console,
    bootMs: Math.round(performance.now() - startedAt),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

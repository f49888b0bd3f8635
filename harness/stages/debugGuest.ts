// SPDX-License-Identifier: MIT
import { createWriteStream, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { UsageError } from '../errors.ts';
import { exists } from '../host/paths.ts';
import { run, runOnTerminal } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import type { Machine } from '../qemu/args.ts';
import { launch } from '../qemu/vm.ts';
import { bootGuest, type Guest } from './bootGuest.ts';
import { type Built, buildAll } from './buildAll.ts';
import { type GdbSession, gdbArguments, parseSections } from './gdbArguments.ts';
import { GuestConsole } from './guestConsole.ts';
import { ensureDebugger, ensureHost } from './hostTools.ts';
import type { KernelChoice } from './kernelRequest.ts';
import { type MachineChoice, testMachine } from './machine.ts';
import type { Workspace } from './workspace.ts';

export interface DebugRequest {
  workspace: Workspace;
  choice: KernelChoice;
  machine: MachineChoice;
  /** An existing directory for the console log. */
  output: string;
  bootTimeoutMs: number;
  /** Symbols of the kernel; with any, the guest starts stopped before its first instruction. */
  breakpoints: readonly string[];
  /** Further arguments of gdb. */
  arguments: readonly string[];
  /** Called as gdb takes over the terminal; disposed when it returns it. */
  handOver: () => Disposable;
}

const GDB = 'gdb-multiarch';
const MODULE = 'dma_testdev';
const TIMEOUT_MS = 20_000;

/** Runs gdb on a guest's kernel, with the symbols of kernel and driver; returns its exit code. */
export async function debugGuest(request: DebugRequest): Promise<number> {
  const { workspace, choice, output, breakpoints } = request;
  await ensureHost(workspace);
  await ensureDebugger(workspace);
  const built = await buildAll(workspace, choice, { suites: [] });
  for (const symbol of breakpoints) await requireSymbol(workspace, built.kernel.vmlinux, symbol);
  await using sockets = await temporaryDirectory('gdb');
  const socket = join(sockets.path, 'gdb');
  const consoleFile = createWriteStream(join(output, 'console.log'));
  const debuggee = { request, built, socket, consoleFile };
  try {
    return await (breakpoints.length > 0 ? debugFromStart(debuggee) : debugBooted(debuggee));
  } finally {
    await finished(consoleFile.end());
  }
}

interface Debuggee {
  request: DebugRequest;
  built: Built;
  socket: string;
  consoleFile: WriteStream;
}

/** QEMU's `-S`: no CPU has run when gdb connects. */
async function debugFromStart(debuggee: Debuggee): Promise<number> {
  const { request, built, consoleFile } = debuggee;
  const machine = debuggedMachine(debuggee, ['-S']);
  await using vm = await launch(built.qemu.binary, machine, { signal: request.workspace.signal });
  new GuestConsole(vm.console, consoleFile);
  return await runGdb(debuggee, []);
}

/** Stops a guest that is up, with the driver at the address where it was loaded. */
async function debugBooted(debuggee: Debuggee): Promise<number> {
  const { request, built, consoleFile } = debuggee;
  const { hostPublicKey, clientKey } = built.image;
  await using guest = await bootGuest({
    ...{ qemu: built.qemu.binary, hostPublicKey, clientKey, consoleFile },
    ...{ timeoutMs: request.bootTimeoutMs, signal: request.workspace.signal },
    machine: debuggedMachine(debuggee, []),
  });
  const sections = await moduleSections(guest, request.workspace.signal);
  return await runGdb(debuggee, [{ file: built.kernel.driver, sections }]);
}

function debuggedMachine({ request, built, socket }: Debuggee, extra: readonly string[]): Machine {
  const stub = [
    '-chardev',
    `socket,id=gdb,path=${socket},server=on,wait=off`,
    '-gdb',
    'chardev:gdb',
  ];
  return testMachine({
    ...{ kernel: built.kernel.image, initrd: built.image.initramfs, ...request.machine },
    extra: [...stub, ...extra],
  });
}

async function moduleSections({ ssh, within }: Guest, signal: AbortSignal) {
  const what = `ask where ${MODULE} is`;
  const list = 'for section in .*; do echo "$section $(cat "$section")"; done';
  const command = `cd /sys/module/${MODULE}/sections && ${list}`;
  return parseSections(await ssh.output(command, { what, timeoutMs: within(TIMEOUT_MS), signal }));
}

async function runGdb(
  { request, built, socket }: Debuggee,
  modules: GdbSession['modules'],
): Promise<number> {
  const { vmlinux } = built.kernel;
  const scripts = join(dirname(vmlinux), 'vmlinux-gdb.py');
  const session: GdbSession = {
    ...{ vmlinux, socket, modules, breakpoints: request.breakpoints },
    scripts: (await exists(scripts)) ? scripts : undefined,
  };
  using _ = request.handOver();
  return runOnTerminal(GDB, gdbArguments(session, request.arguments));
}

async function requireSymbol({ crossCompile, signal }: Workspace, vmlinux: string, symbol: string) {
  const what = 'list the symbols of the kernel';
  const { stdout } = await run(`${crossCompile}nm`, [vmlinux], { what, signal });
  if (stdout.split('\n').some((line) => line.endsWith(` ${symbol}`))) return;
  throw new UsageError(`the kernel has no symbol ${symbol}`, {
    hint: 'a static function may have been inlined: name its caller',
  });
}

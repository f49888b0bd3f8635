// SPDX-License-Identifier: MIT
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { InfraError, InterruptedError } from '../errors.ts';
import { LineSplitter } from '../host/lines.ts';
import { type Child, commandLine, type Exit, start } from '../host/spawn.ts';
import { type Beginning, type Machine, qemuArgs } from './args.ts';
import { QEMU_ANSWER_TIMEOUT_MS, Qmp } from './qmp.ts';
import { type Listening, listen } from './sockets.ts';

const DEFAULT_TIMEOUT_MS = 20_000;
const DIAGNOSTIC_LINES = 40;
/** How long QEMU may take to end after it closed a socket. */
const LAST_WORDS_MS = 1000;

/** A running QEMU; disposal ends it. */
export interface Vm extends AsyncDisposable {
  readonly qmp: Qmp;
  /** The guest's serial console. QEMU waits while nobody reads it. */
  readonly console: Duplex;
  /** What the guest sends through its ready port. */
  readonly ready: Duplex;
  /** The port of 127.0.0.1 that leads to the guest's SSH server. */
  readonly sshPort: number;
  /** The shell line that starts an equal machine. */
  readonly commandLine: string;
  /** The same, word by word, without the program. */
  readonly arguments: readonly string[];
  /** The last lines that QEMU itself printed. */
  diagnostics(): string;
  /** Settles once QEMU has ended; never rejects. */
  readonly exited: Promise<Exit>;
}

export interface LaunchOptions {
  signal?: AbortSignal;
  /** How many times slower the host is than timeouts assume, as a guest before has shown; else 1. */
  slowdown?: number;
  /** How long QEMU may take until it answers. */
  timeoutMs?: number;
  beginning?: Beginning;
}

/**
 * What QEMU's process is told. It reads a kernel into memory of glibc's malloc(), where a page fault
 * for each 4 KiB takes longer than the reading; with huge pages there are few.
 */
export const QEMU_ENVIRONMENT = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/**
 * Starts `machine` with the QEMU binary `qemu`.
 * Resolves as soon as QEMU answers, long before the guest does; `InfraError` if it does not.
 */
export async function launch(
  qemu: string,
  machine: Machine,
  options: LaunchOptions = {},
): Promise<Vm> {
  await using scope = new AsyncDisposableStack();
  const sockets = scope.use(await listen());
  const args = qemuArgs(machine, sockets.paths, options.beginning);
  const started = { what: 'run QEMU', env: QEMU_ENVIRONMENT, signal: options.signal };
  const child = scope.use(start(qemu, args, started));
  const diagnostics = followDiagnostics(child);
  const link = await Promise.race([
    connect(sockets, options).then((connected) => ({
      ...connected,
      qmp: scope.use(connected.qmp),
    })),
    notUp(child, commandLine(qemu, args), diagnostics, options),
  ]);
  const owned = scope.move();
  return {
    ...link,
    commandLine: commandLine(qemu, args),
    arguments: args,
    diagnostics: () => diagnostics.join('\n'),
    exited: child.exited,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A socket that breaks is seldom the cause: QEMU is about to end, and says why. */
async function connect(listening: Listening, options: LaunchOptions) {
  try {
    return await openLinks(listening, options);
  } catch (error) {
    await setTimeout(LAST_WORDS_MS);
    throw error;
  }
}

async function openLinks({ accepted }: Listening, { slowdown = 1 }: LaunchOptions) {
  const qmp = await Qmp.open(await accepted.qmp, QEMU_ANSWER_TIMEOUT_MS * slowdown);
  const sshPort = parseSshPort(await qmp.humanMonitor('info usernet'));
  return { qmp, sshPort, console: await accepted.console, ready: await accepted.ready };
}

/** Rejects if QEMU ends or stays silent for too long. */
async function notUp(
  child: Child,
  command: string,
  diagnostics: readonly string[],
  { signal, slowdown = 1, timeoutMs = DEFAULT_TIMEOUT_MS * slowdown }: LaunchOptions,
): Promise<never> {
  const late = setTimeout(timeoutMs, undefined, { ref: false });
  const exit = await Promise.race([child.exited, late]);
  if (signal?.aborted) throw new InterruptedError('interrupted: start QEMU');
  const how = exit ? `ended with ${exit.signal ?? exit.code}` : `was silent for ${timeoutMs} ms`;
  const output = diagnostics.join('\n');
  throw new InfraError(`QEMU ${how} before it answered`, { command, output });
}

/** The last lines that QEMU writes, which are empty unless something is wrong. */
function followDiagnostics(child: Child): readonly string[] {
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    const splitter = new LineSplitter();
    stream.on('data', (chunk: Buffer) => {
      tail.push(...splitter.push(chunk));
      tail.splice(0, Math.max(0, tail.length - DIAGNOSTIC_LINES));
    });
  }
  return tail;
}

/** The host port that the kernel chose for the guest's port 22, from `info usernet`. */
export function parseSshPort(usernet: string): number {
  const port = /^\s*TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+22\b/m.exec(usernet);
  if (port?.[1]) return Number(port[1]);
  throw new InfraError('QEMU forwards no port to the guest', { output: usernet });
}

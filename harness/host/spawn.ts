// SPDX-License-Identifier: MIT
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { DISK_FULL, DISK_FULL_HINT, InfraError, InterruptedError } from '../errors.ts';

export interface SpawnOptions {
  /** What the command does, for errors: `unpack the kernel source`. */
  what: string;
  cwd?: string;
  /** Added to the inherited environment; undefined takes a variable out of it. */
  env?: Record<string, string | undefined>;
  /** Text for standard input; without it the command gets none. */
  input?: string;
  signal?: AbortSignal;
  /** Without it the command takes as long as it takes; an abort ends it. */
  timeoutMs?: number;
  /** Called with each line of either stream as it arrives. */
  onLine?: (line: string) => void;
}

export interface Finished {
  /** Undefined when a signal ended the command. */
  code: number | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
  /** The end of both streams, interleaved as they came. */
  tail: string;
}

const TAIL_LINES = 40;
/** What setpriv(1) exits with when it cannot find the command. */
const COMMAND_NOT_FOUND = 127;

/** Runs a command to its end; throws `InfraError` unless it exits with 0. */
export async function run(command: string, args: readonly string[], options: SpawnOptions) {
  const finished = await tryRun(command, args, options);
  if (finished.code !== 0) throw failure(command, args, options, finished);
  return { stdout: finished.stdout, stderr: finished.stderr };
}

/** Runs a command to its end and returns however it ended; throws only when it cannot be started or is interrupted. */
export async function tryRun(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<Finished> {
  options.signal?.throwIfAborted();
  const subprocess = execa('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    cwd: options.cwd,
    env: options.env,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    all: true,
    reject: false,
    detached: true,
  });
  using _ = onAbort(options.signal, () => killGroup(subprocess.pid, 'SIGTERM'));
  using deadline = afterMs(options.timeoutMs, () => killGroup(subprocess.pid, 'SIGKILL'));
  const tail = await followLines(subprocess.iterable({ from: 'all' }), options.onLine);
  const result = await subprocess;
  if (options.signal?.aborted) throw new InterruptedError(`interrupted: ${options.what}`);
  if (deadline.passed) {
    throw new InfraError(`${options.what}: no end after ${options.timeoutMs} ms`, {
      command: commandLine(command, args),
      output: tail,
    });
  }
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new InfraError(`${options.what}: cannot start ${command}`, { cause: result.cause });
  }
  return {
    code: result.exitCode,
    signal: result.signal,
    stdout: result.stdout,
    stderr: result.stderr,
    tail,
  };
}

/** The error for a command that `tryRun` saw fail. */
export function failure(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  finished: Finished,
): InfraError {
  const missing = finished.code === COMMAND_NOT_FOUND && finished.stderr.includes('setpriv:');
  const how = finished.signal ? `was ended by ${finished.signal}` : `exited with ${finished.code}`;
  return new InfraError(
    missing ? `${options.what}: ${command} is not installed` : `${options.what}: ${command} ${how}`,
    {
      command: inDirectory(options.cwd, commandLine(command, args)),
      output: finished.tail,
      hint: hintFor(missing, finished.tail),
    },
  );
}

function hintFor(missing: boolean, tail: string): string | undefined {
  if (missing) return 'npx pinlab doctor --fix installs what is missing';
  if (tail.includes(DISK_FULL)) return DISK_FULL_HINT;
  return undefined;
}

/** Runs a command on the user's own terminal; returns the exit code that a shell would give. */
export async function runOnTerminal(command: string, args: readonly string[]): Promise<number> {
  const { exitCode, signal, cause } = await execa(command, args, {
    stdio: 'inherit',
    reject: false,
  });
  if (exitCode !== undefined) return exitCode;
  if (signal !== undefined) return 128 + constants.signals[signal];
  throw new InfraError(`cannot start ${command}`, { cause });
}

export interface Exit {
  code: number | undefined;
  signal: string | undefined;
}

/** A command that lives until its scope ends; disposal kills it and everything it started. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once the command has ended; never rejects. */
  readonly exited: Promise<Exit>;
  kill(): void;
}

/** Starts a long-lived command, which the kernel kills if pinlab dies. */
export function start(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'what' | 'cwd' | 'env' | 'signal'>,
): Child {
  const subprocess = execa('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    cwd: options.cwd,
    env: options.env,
    stdin: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
  });
  const { pid } = subprocess;
  if (pid === undefined) throw new InfraError(`${options.what}: cannot start ${command}`);
  const kill = () => killGroup(pid, 'SIGKILL');
  const aborted = onAbort(options.signal, kill);
  // A peer that closes its end early is the exit's business, not an exception's.
  subprocess.stdin.on('error', () => undefined);
  const exited = subprocess.then(({ exitCode, signal }) => {
    aborted[Symbol.dispose]();
    return { code: exitCode, signal };
  });
  return {
    pid,
    stdin: subprocess.stdin,
    stdout: subprocess.stdout,
    stderr: subprocess.stderr,
    exited,
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await exited;
    },
  };
}

/** The command as a line for a shell. */
export function commandLine(command: string, args: readonly string[]): string {
  return [command, ...args].map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function inDirectory(cwd: string | undefined, line: string): string {
  return cwd === undefined ? line : `cd ${quote(cwd)} && ${line}`;
}

async function followLines(lines: AsyncIterable<unknown>, onLine?: (line: string) => void) {
  const tail: string[] = [];
  for await (const line of lines) {
    onLine?.(String(line));
    tail.push(String(line));
    if (tail.length > TAIL_LINES) tail.shift();
  }
  return tail.join('\n');
}

/** Calls `action` once unless disposed first; the whole group must go, or a grandchild would hold the streams open. */
function afterMs(timeoutMs: number | undefined, action: () => void) {
  const deadline = { passed: false, [Symbol.dispose]: () => clearTimeout(timer) };
  const passes = () => {
    deadline.passed = true;
    action();
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(passes, timeoutMs);
  return deadline;
}

function onAbort(signal: AbortSignal | undefined, action: () => void): Disposable {
  signal?.addEventListener('abort', action, { once: true });
  if (signal?.aborted) action();
  return { [Symbol.dispose]: () => signal?.removeEventListener('abort', action) };
}

/**
 * `detached` made the command the leader of a process group of its own. EPERM says that no process of
 * it runs as our user, which takes sudo: an installation of packages is better not cut short.
 */
function killGroup(pid: number | undefined, signal: NodeJS.Signals) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ESRCH', 'EPERM'].includes(code)) throw error;
  }
}

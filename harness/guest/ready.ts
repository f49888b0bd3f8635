// SPDX-License-Identifier: MIT
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { BootError, InterruptedError } from '../errors.ts';
import { LineSplitter } from '../host/lines.ts';

export interface ReadyOptions {
  /** Settles when QEMU has ended, with what to say about it. */
  exited: Promise<string>;
  timeoutMs: number;
  /** The end of the guest's console, for the error. */
  consoleTail: () => string;
  signal?: AbortSignal;
}

export interface Ready {
  /** By the guest's own clock, since its kernel started. */
  uptimeSeconds: number;
}

/** What to do about a guest that did not come up. */
const HINT =
  'console.log in --output has all that it said, hang.txt what its kernel was doing if it hung; ' +
  'where host or kernel are slow, give it longer with --boot-timeout';

/**
 * Waits until the guest says through `port` that its SSH server listens.
 * `BootError` if it says that it failed, dies, or is silent for `timeoutMs`.
 */
export async function untilReady(port: Readable, options: ReadyOptions): Promise<Ready> {
  const { exited, timeoutMs, consoleTail, signal } = options;
  const over = new AbortController();
  const ending = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  try {
    const line = await Promise.race([
      firstLine(port).then((text) => text ?? exited.then((how) => `QEMU ${how}`)),
      setTimeout(timeoutMs, `no word from the guest after ${timeoutMs} ms`, { signal: ending }),
    ]);
    return parse(line);
  } catch (error) {
    if (signal?.aborted) throw new InterruptedError('interrupted: wait for the guest');
    if (!(error instanceof BootError)) throw error;
    throw new BootError(error.message, { output: consoleTail(), hint: HINT });
  } finally {
    over.abort();
  }
}

function parse(line: string): Ready {
  const uptime = /^ready (\d+\.\d+)$/.exec(line)?.[1];
  if (uptime === undefined) {
    throw new BootError(`the guest did not become ready: ${line.replace(/^failed /, '')}`);
  }
  return { uptimeSeconds: Number(uptime) };
}

/** The first whole line, or undefined if the stream ends without one. */
function firstLine(port: Readable): Promise<string | undefined> {
  const splitter = new LineSplitter();
  return new Promise((resolve) => {
    port.on('data', (chunk: Buffer) => resolveFirst(splitter.push(chunk), resolve));
    port.on('close', () => resolve(undefined));
  });
}

function resolveFirst(lines: string[], resolve: (line: string) => void) {
  const [line] = lines;
  if (line !== undefined) resolve(line);
}

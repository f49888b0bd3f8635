// SPDX-License-Identifier: MIT
import type { WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { LineSplitter } from '../host/lines.ts';
import { printable } from '../schema/printable.ts';

const TAIL_LINES = 60;

/** The guest's console: kept in a file as it comes, and passed on line by line. */
export class GuestConsole {
  readonly #splitter = new LineSplitter();
  readonly #tail: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  readonly #closed: Promise<void>;

  /** `file` stays the caller's to close; it may hold the consoles of several guests in turn. */
  constructor(stream: Readable, file: WriteStream) {
    stream.on('data', (chunk: Buffer) => {
      // Its owner may have closed it while QEMU was ending, or the disk may be full.
      if (file.writable && !file.write(chunk)) pauseUntilDrained(stream, file);
      for (const line of this.#splitter.push(chunk)) this.#take(line);
    });
    this.#closed = new Promise((resolve) => {
      stream.once('close', () => {
        for (const line of this.#splitter.end()) this.#take(line);
        resolve();
      });
    });
  }

  /** Settles once the guest can print no more. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Calls `listener` with each line until disposed. */
  follow(listener: (line: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Resolves to true at the first line that contains `text`, to false after `timeoutMs` or at the end. */
  async until(text: string, timeoutMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    using _ = this.follow((line) => {
      if (line.includes(text)) resolve(true);
    });
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const seen = await Promise.race([promise, this.#closed.then(() => false)]);
    clearTimeout(timer);
    return seen;
  }

  /** The last lines, safe to show. */
  tail(): string {
    return this.#tail.map((line) => printable(line)).join('\n');
  }

  #take(line: string) {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    for (const listener of this.#listeners) listener(line);
  }
}

/** QEMU waits while nobody reads: a guest that prints faster than the disk writes waits as well. */
function pauseUntilDrained(stream: Readable, file: WriteStream) {
  const resume = () => {
    file.off('drain', resume).off('close', resume);
    stream.resume();
  };
  stream.pause();
  // A file that cannot be written to drains no more: it closes.
  file.on('drain', resume).on('close', resume);
}

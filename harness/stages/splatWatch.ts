// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import type { Splat } from '../schema/results.ts';
import { consoleLines } from '../splat/console.ts';
import { marker } from '../splat/markers.ts';
import { SplatScanner } from '../splat/scan.ts';

/** How long a report that has begun may take to end, once nothing else is awaited. */
export const REPORT_TIMEOUT_MS = 1_000;

/** Follows one guest's console, and tells which of the kernel's reports came during which test. */
export class SplatWatch {
  readonly #nonce: string;
  readonly #scanner: SplatScanner;
  #awaited: { text: string; seen: () => void } | undefined;
  /** The last line with an end on it; none since a marker was asked for. */
  #lastEnd = '';

  /** `nonce` makes the markers of this run unlike anything a test could have prepared. */
  constructor(nonce: string) {
    this.#nonce = nonce;
    this.#scanner = new SplatScanner({ nonce });
  }

  /** The line that is written to /dev/kmsg where a test begins or ends; ends before it no longer count. */
  marker(what: 'begin' | 'end', id: string): string {
    this.#lastEnd = '';
    return marker(this.#nonce, what, id);
  }

  /** Takes a line of the console. */
  push(line: string) {
    this.#scanner.push(line);
    if (line.includes(`pinlab ${this.#nonce} end `)) this.#lastEnd = line;
    if (this.#awaited && shows(line, this.#awaited.text)) this.#awaited.seen();
  }

  /** Resolves once the console has shown the end of `id`; to false if it does not within `timeoutMs`. */
  async settle(id: string, timeoutMs: number): Promise<boolean> {
    const text = marker(this.#nonce, 'end', id);
    if (shows(this.#lastEnd, text)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#awaited = { text, seen: () => resolve(true) };
    const over = new AbortController();
    const late = setTimeout(timeoutMs, false, { signal: over.signal });
    const seen = await Promise.race([promise, late]);
    over.abort();
    // Nobody waits for it any more.
    late.catch(() => undefined);
    this.#awaited = undefined;
    return seen;
  }

  /** The reports since the last call, the last of them whole if its end comes within `timeoutMs`. */
  async take(timeoutMs: number): Promise<Splat[]> {
    const deadline = performance.now() + timeoutMs;
    while (this.#scanner.busy && performance.now() < deadline) await setTimeout(20);
    this.#scanner.flush();
    return this.#scanner.take();
  }
}

/** Whether a line of the console has this text to its end: one id may be the beginning of another. */
function shows(line: string, text: string): boolean {
  return line.includes(text) && consoleLines(line).some((printed) => printed.text.endsWith(text));
}

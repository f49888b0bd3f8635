// SPDX-License-Identifier: MIT

import type { Splat } from '../schema/results.ts';
import { ALLOWED, type Allowance, allowedReason } from './allow.ts';
import { type ConsoleLine, consoleLines } from './console.ts';
import { fingerprint } from './fingerprint.ts';
import { framesOf } from './frames.ts';
import { Markers } from './markers.ts';
import { answersForReport, Report, startsReport } from './report.ts';

export interface ScanOptions {
  /** The word in this run's markers. */
  nonce: string;
  allowed?: readonly Allowance[];
}

/** More callers than this do not report at once; a hostile console may look as if they did. */
const MAX_OPEN = 16;
/** A kernel that reports more than this has told enough. */
const MAX_SPLATS = 1000;

/** Finds the kernel's reports on its console, line by line, in bounded memory. */
export class SplatScanner {
  readonly #markers: Markers;
  readonly #allowed: readonly Allowance[];
  /**
   * The unfinished reports by their caller; without CONFIG_PRINTK_CALLER there is one at most. Several callers have the
   * same one while a CPU makes others say where they are.
   */
  readonly #open = new Map<string, Report>();
  #found: Splat[] = [];
  #count = 0;
  #hasTimes = false;

  constructor({ nonce, allowed = ALLOWED }: ScanOptions) {
    this.#markers = new Markers(nonce);
    this.#allowed = allowed;
  }

  /** Whether a report has begun and not ended: its end is worth waiting for. */
  get busy(): boolean {
    return this.#open.size > 0;
  }

  push(raw: string) {
    for (const line of consoleLines(raw)) this.#line(line);
  }

  /** The reports that are complete and were not taken before. */
  take(): Splat[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** Counts what has begun as complete: nothing more will come. */
  flush() {
    for (const caller of [...this.#open.keys()]) this.#finish(caller);
  }

  #line(line: ConsoleLine) {
    if (line.time !== undefined) this.#hasTimes = true;
    // Where the kernel stamps its lines, a line without a stamp comes from user space.
    if (this.#hasTimes && line.time === undefined) return;
    if (this.#markers.push(line.text)) return this.#finishLoose();
    if (this.#continues(line)) return;
    if (startsReport(line.text)) this.#begin(line);
    else if (answersForReport(line.text)) this.#join(line);
  }

  /** Whether the line belongs to a report that has begun. */
  #continues(line: ConsoleLine): boolean {
    const taking = this.#open.get(line.caller)?.offer(line);
    if (taking === 'last' || taking === 'foreign') this.#finish(line.caller);
    return taking === 'taken' || taking === 'last';
  }

  #begin(line: ConsoleLine) {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN && oldest !== undefined) this.#finish(oldest);
    this.#open.set(line.caller, new Report(this.#markers.current));
    this.#continues(line);
  }

  /** Adds the line, and what its caller goes on with, to the report that asked for it. */
  #join(line: ConsoleLine) {
    const asking = [...this.#open.values()].findLast((report) => report.asksOtherCpus);
    if (!asking) return;
    this.#open.set(line.caller, asking);
    this.#continues(line);
  }

  #finishLoose() {
    for (const [caller, report] of [...this.#open]) if (report.endsAtNoise) this.#finish(caller);
  }

  #finish(caller: string) {
    const report = this.#open.get(caller);
    // Another of its callers has ended it.
    if (!report) return;
    for (const [one, open] of [...this.#open]) if (open === report) this.#open.delete(one);
    this.#count += 1;
    if (this.#count <= MAX_SPLATS) this.#found.push(toSplat(report, this.#allowed));
  }
}

/** The reports on a whole console. */
export function scanConsole(lines: Iterable<string>, options: ScanOptions): Splat[] {
  const scanner = new SplatScanner(options);
  for (const line of lines) scanner.push(line);
  scanner.flush();
  return scanner.take();
}

function toSplat({ kind, title, test, lines }: Report, list: readonly Allowance[]): Splat {
  const frames = framesOf(lines);
  const splat = {
    kind,
    title,
    fingerprint: fingerprint(kind, title, frames),
    test,
    text: lines.join('\n'),
    frames,
  };
  const allowed = allowedReason(splat, list);
  return allowed === undefined ? splat : { ...splat, allowed };
}

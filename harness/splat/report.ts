// SPDX-License-Identifier: MIT

import { printable } from '../schema/printable.ts';
import type { ConsoleLine } from './console.ts';
import { isTraceLine, startsTrace } from './frames.ts';
import { recognise } from './kinds.ts';
import type { ReportEnd } from './table.ts';

const CUT_HERE = /^-+\[ cut here \]-+$/;
const END_MARKER = /^---\[ end (?:trace|Kernel panic)/;
const RULER = /^={20,}$/;
const DEVICE = /^\S+ [^\s:]+(?::[^\s:]+)*: /;

const MAX_LINES = 400;
const MAX_LINE_LENGTH = 400;
/** A pause in the console that no report makes. */
const MAX_GAP_S = 5;

/** A CPU that does not come on by itself is made to say where it is (lib/nmi_backtrace.c). */
const ASKS_CPUS = /^Sending NMI from CPU \d+ to CPUs /;
const CPU_ANSWERS = /^NMI backtrace for cpu \d+/;

/** What came of a line that was offered to a report. */
export type Taking = 'taken' | 'last' | 'foreign';

/** Whether a report begins with this line. */
export function startsReport(text: string): boolean {
  return CUT_HERE.test(text) || recognise(text) !== undefined;
}

/** Whether a CPU begins with this line to say where it is, for a report that another CPU prints. */
export function answersForReport(text: string): boolean {
  return CPU_ANSWERS.test(text);
}

/** The lines of one report, while it is being printed. */
export class Report {
  kind = 'unknown';
  title = 'a report that was cut short';
  /** The test that ran when its first line appeared. */
  readonly test: string | null;
  #end: ReportEnd = 'endMarker';
  #rank = Number.POSITIVE_INFINITY;
  #inTrace = false;
  #asksOtherCpus = false;
  #time: number | undefined;
  readonly #lines: string[] = [];

  constructor(test: string | null) {
    this.test = test;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Whether other CPUs were told to say where they are. */
  get asksOtherCpus(): boolean {
    return this.#asksOtherCpus;
  }

  /** Whether something that is no part of any report ends this one. */
  get endsAtNoise(): boolean {
    return this.#end === 'trace' || this.#end === 'device';
  }

  /** Takes the line if it belongs here. A line that does not, or the last one, ends the report. */
  offer({ text, time }: ConsoleLine): Taking {
    if (this.#paused(time) || this.#isForeign(text)) return 'foreign';
    this.#time = time;
    if (!this.#inTrace) this.#identify(text);
    if (startsTrace(text)) this.#inTrace = true;
    if (ASKS_CPUS.test(text)) this.#asksOtherCpus = true;
    this.#lines.push(printable(text, MAX_LINE_LENGTH));
    return this.#isLast(text) ? 'last' : 'taken';
  }

  /** Whether the console has been silent for so long that the report must be over. */
  #paused(time: number | undefined): boolean {
    return time !== undefined && this.#time !== undefined && time - this.#time > MAX_GAP_S;
  }

  #isForeign(text: string): boolean {
    if (this.#lines.length === 0) return false;
    if (this.#end === 'device') return recognise(text) !== undefined || !this.#isSameDevice(text);
    if (!this.#inTrace) return false;
    return startsReport(text) || (this.#end === 'trace' && !isTraceLine(text));
  }

  #isSameDevice(text: string): boolean {
    const device = DEVICE.exec(this.#lines[0] ?? '')?.[0];
    return device !== undefined && text.startsWith(device);
  }

  /** Several lines before the trace may name it; the most precise one does. */
  #identify(text: string) {
    const found = recognise(text);
    if (!found || found.rank >= this.#rank) return;
    this.kind = found.kind.kind;
    this.title = printable(found.title, MAX_LINE_LENGTH);
    this.#end = found.kind.end;
    this.#rank = found.rank;
  }

  #isLast(text: string): boolean {
    if (this.#lines.length >= MAX_LINES || this.#end === 'line') return true;
    if (this.#end === 'ruler') return RULER.test(text);
    return END_MARKER.test(text);
  }
}

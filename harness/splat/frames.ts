// SPDX-License-Identifier: MIT

import type { Frame } from '../schema/results.ts';

/** ` symbol+0x1c/0x40 [module] (P)`: arm64 since 6.13 marks where the walk came from. */
const FRAME =
  /^\s+([\w.$]+)\+(0x[0-9a-f]+)\/0x[0-9a-f]+(?: \[([\w-]+)[^\]]*\])?(?: \([A-Z]+\))?\s*$/;
/** `pc : symbol+0x10/0x20 [module]` on arm64, `RIP: 0010:symbol+0x10/0x20 [module]` on x86. */
const PROGRAM_COUNTER =
  /^(?:pc : |RIP: [0-9a-f]{4}:)([\w.$]+)\+(0x[0-9a-f]+)\/0x[0-9a-f]+(?: \[([\w-]+)[^\]]*\])?/;
/** KCSAN names no call trace; it names each access. */
const TRACE_START = /^(?:Call [Tt]race:|(?:read|write).* by (?:task|interrupt)\b.*:$)/;
/** Inside a trace: brackets of x86 stacks, and entries that the unwinder only guessed. */
const TRACE_NOISE = /^\s*(?:<\/?[A-Z#]+>|\? [\w.$]+\+0x.*|\[[^\]]*\]\s*)$/;

/** Whether `text` is, or only decorates, an entry of a call trace. */
export function isTraceLine(text: string): boolean {
  return FRAME.test(text) || TRACE_NOISE.test(text);
}

/** Whether the lines after `text` are entries of a call trace. */
export function startsTrace(text: string): boolean {
  return TRACE_START.test(text);
}

/** The frames of a report: where it happened, then its first call trace, innermost first. */
export function framesOf(lines: readonly string[]): Frame[] {
  const counter = lines.map((line) => toFrame(PROGRAM_COUNTER.exec(line))).find(Boolean);
  const start = lines.findIndex(startsTrace);
  const after = start < 0 ? [] : lines.slice(start + 1);
  const end = after.findIndex((line) => !isTraceLine(line));
  const trace = (end < 0 ? after : after.slice(0, end))
    .map((line) => toFrame(FRAME.exec(line)))
    .filter((frame) => frame !== undefined);
  if (!counter) return trace;
  // The trace of a trap on arm64 starts with the program counter itself.
  return [counter, ...(isSame(counter, trace[0]) ? trace.slice(1) : trace)];
}

function toFrame(match: RegExpExecArray | null): Frame | undefined {
  const [, symbol, offset, module] = match ?? [];
  if (symbol === undefined || offset === undefined) return undefined;
  return { symbol, offset, ...(module === undefined ? {} : { module }) };
}

function isSame(a: Frame, b: Frame | undefined): boolean {
  return a.symbol === b?.symbol && a.offset === b.offset;
}

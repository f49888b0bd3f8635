// SPDX-License-Identifier: MIT

import { printable } from '../schema/printable.ts';
import type { Frame, Splat } from '../schema/results.ts';

/** One line of source that an address belongs to; inlined functions give several. */
export interface SourceLocation {
  symbol: string;
  file: string;
  line: number;
}

/**
 * What `addr2line -a -f -i -e FILE ADDRESS…` printed: for each address its locations, the innermost
 * inlined function first. `sourceRoot` is taken off the files' names.
 */
export function parseAddr2line(text: string, sourceRoot: string): SourceLocation[][] {
  const groups: SourceLocation[][] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i += 1) {
    if (/^0x[0-9a-f]+$/.test(lines[i] ?? '')) {
      groups.push([]);
      continue;
    }
    const location = readLocation(lines[i] ?? '', lines[i + 1] ?? '', sourceRoot);
    if (location) groups.at(-1)?.push(location);
    i += 1;
  }
  return groups;
}

/**
 * `frames` with their source lines. `locations` has the list for each `frameKey`; a frame it does
 * not know stays as it is, and inlined functions become frames of their own, without an offset.
 */
export function withLocations(
  frames: readonly Frame[],
  locations: ReadonlyMap<string, readonly SourceLocation[]>,
): Frame[] {
  return frames.flatMap((frame, index) => {
    const known = locations.get(frameKey(frame, index)) ?? [];
    const own = known.at(-1);
    if (!own) return [frame];
    const inlined = known.slice(0, -1).map((location) => inlinedFrame(location, frame));
    const place = { file: own.file, line: own.line };
    if (!isBehindCaller(frame.offset ?? '0x1', index)) return [...inlined, { ...frame, ...place }];
    return [...inlined, inlinedFrame(own, frame)];
  });
}

/**
 * The address whose source line is that of the frame at `index`: `symbol+0x…`. The innermost frame
 * is where the processor was. All others are where a call returns to, which may be the next
 * statement or, where the callee never returns, the next function: the call is the byte before.
 */
export function frameAddress({ symbol, offset = '0x0' }: Frame, index: number): string {
  if (isBehindCaller(offset, index)) return `${symbol}+${BYTE_BEFORE}`;
  return `${symbol}+0x${(Number(offset) - (index === 0 ? 0 : 1)).toString(16)}`;
}

/** Minus one, as 64 bits: addr2line takes no other sign. */
const BYTE_BEFORE = '0xffffffffffffffff';

/**
 * A return address at the very start of a function belongs to the one before, which ends in a call. In a module, whose
 * sections have addresses of their own, it is found only if it is in the same section.
 */
function isBehindCaller(offset: string, index: number): boolean {
  return index > 0 && Number(offset) === 0;
}

/** The key of the frame at `index` of a report in a map of locations. */
export function frameKey(frame: Frame, index: number): string {
  return `${frameAddress(frame, index)} [${frame.module ?? ''}]`;
}

/** `splat` with the source lines of its frames; its fingerprint stays what it was. */
export function decodeSplat(
  splat: Splat,
  locations: ReadonlyMap<string, readonly SourceLocation[]>,
): Splat {
  return { ...splat, frames: withLocations(splat.frames, locations) };
}

function inlinedFrame({ symbol, file, line }: SourceLocation, { module }: Frame): Frame {
  return { symbol, ...(module === undefined ? {} : { module }), file, line };
}

function readLocation(
  symbol: string,
  place: string,
  sourceRoot: string,
): SourceLocation | undefined {
  const [, file, line] = /^(.+):([1-9]\d*)(?: \(discriminator \d+\))?$/.exec(place) ?? [];
  if (file === undefined || file === '??') return undefined;
  const root = sourceRoot.endsWith('/') ? sourceRoot : `${sourceRoot}/`;
  const relative = file.startsWith(root) ? file.slice(root.length) : file;
  const clean = printable(relative.replace(/^\.\//, ''));
  return { symbol: printable(symbol), file: clean, line: Number(line) };
}

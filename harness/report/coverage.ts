// SPDX-License-Identifier: MIT

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Coverage, FileCoverage } from '../schema/coverage.ts';
import type { RunEnd } from '../schema/events.ts';
import { printable } from '../schema/printable.ts';
import { writeReport } from './file.ts';
import type { Reporter } from './reporter.ts';

/** Keeps `coverage.lcov` in a directory, for genhtml and everything else that reads lcov's format. */
export class CoverageReporter implements Reporter {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, 'coverage.lcov');
  }

  async runEnd({ results: { coverage } }: RunEnd) {
    // Of another run: whoever looks now must not take it for this one's.
    if (!coverage) return rm(this.#file, { force: true });
    await writeReport(this.#file, lcovText(coverage));
  }
}

/** A tracefile as geninfo(1) describes it; paths are those of the kernel tree. */
export function lcovText({ files }: Coverage): string {
  return files.map(lcovRecord).join('');
}

function lcovRecord({ file, lines }: FileCoverage): string {
  const data = lines.map(({ line, count }) => `DA:${line},${count}`);
  const totals = [`LF:${lines.length}`, `LH:${ranLines(lines)}`];
  return `${['TN:', `SF:${printable(file)}`, ...data, ...totals, 'end_of_record'].join('\n')}\n`;
}

/** More ranges than this are in the lcov file. */
const MAX_RANGES = 8;

/** A line for each file: how many of its lines ran, and which did not. */
export function coverageLines({ files, guests }: Coverage): string[] {
  const width = Math.max(...files.map(({ file }) => file.length), 'coverage'.length);
  const rows = files.map(({ file, lines }) => {
    const ran = ranLines(lines);
    const share = lines.length === 0 ? 0 : Math.floor((ran / lines.length) * 100);
    const cells = [`${ran}`.padStart(5), `${lines.length}`.padStart(5), `${share} %`.padStart(5)];
    return `${printable(file).padEnd(width)}  ${cells.join('  ')}  ${neverRan(lines)}`.trimEnd();
  });
  return [
    `${'coverage'.padEnd(width)}    ran  lines         never ran`,
    ...rows,
    ...lostNote(guests),
  ];
}

function lostNote({ lost }: Coverage['guests']): string[] {
  if (lost === 0) return [];
  const whose = lost === 1 ? 'a guest that was' : `${lost} guests that were`;
  return [`what ran in ${whose} lost is not counted`];
}

function ranLines(lines: FileCoverage['lines']): number {
  return lines.filter(({ count }) => count > 0).length;
}

/** `40-42, 60`: lines with code that follow each other are one range, whatever is between them. */
function neverRan(lines: FileCoverage['lines']): string {
  const ranges: { from: number; to: number }[] = [];
  lines.forEach(({ line, count }, i) => {
    if (count > 0) return;
    const last = ranges.at(-1);
    if (last && lines[i - 1]?.line === last.to) last.to = line;
    else ranges.push({ from: line, to: line });
  });
  const names = ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
  const more = names.length - MAX_RANGES;
  return [...names.slice(0, MAX_RANGES), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

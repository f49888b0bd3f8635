// SPDX-License-Identifier: MIT

/** A line of a patch file, from 1. */
export interface PatchLine {
  /** Which of the patches, from 0. */
  patch: number;
  line: number;
}

interface Place {
  before: number;
  after: number;
}

/** A line of a hunk, and the number that it has in the patch file. */
interface HunkLine {
  sign: '+' | '-' | ' ';
  at: number;
  /** The number of the line before and after the patch; of one that is not there, that of the next. */
  before: number;
  after: number;
}

/**
 * The line of `patches`, texts in the order in which they apply, that put line `line` of `file`
 * where it is; none if it was there before. Patches must apply without an offset.
 */
export function patchLine(
  patches: readonly string[],
  file: string,
  line: number,
): PatchLine | undefined {
  let current = line;
  for (let patch = patches.length - 1; patch >= 0; patch -= 1) {
    const origin = originOf(hunksOf(patches[patch] as string, file), current);
    if ('added' in origin) return { patch, line: origin.added };
    current = origin.before;
  }
  return undefined;
}

/** Where a line was before a patch, or the line of the patch that added it. */
function originOf(
  hunks: readonly HunkLine[],
  line: number,
): { before: number } | { added: number } {
  const shown = hunks.filter(({ sign }) => sign !== '-');
  const last = shown.findLast(({ after }) => after <= line);
  if (!last) return { before: line };
  if (last.after === line) return last.sign === '+' ? { added: last.at } : { before: last.before };
  // What a hunk drops at its end moves the lines behind it too.
  const end = hunks.findLast(({ after }) => after <= last.after + 1) ?? last;
  const step = STEP[end.sign];
  return { before: line + end.before + step.before - (end.after + step.after) };
}

/** How far a line of a hunk goes on in the file before and after. */
const STEP = {
  '+': { before: 0, after: 1 },
  '-': { before: 1, after: 0 },
  ' ': { before: 1, after: 1 },
} as const;

/** The lines of all hunks of `patch` that change `file`, in order. */
function hunksOf(patch: string, file: string): HunkLine[] {
  const found: HunkLine[] = [];
  let target = '';
  let next = { before: 0, after: 0 };
  let left = { before: 0, after: 0 };
  for (const [i, text] of patch.split('\n').entries()) {
    const sign = text[0] as HunkLine['sign'];
    if (left.before + left.after === 0) {
      target = /^\+\+\+ (?:b\/)?(\S+)/.exec(text)?.[1] ?? target;
      ({ start: next, count: left } = hunkHeader(text) ?? { start: next, count: left });
    } else if (sign in STEP) {
      if (target === file) found.push({ sign, at: i + 1, ...next });
      next = moved(next, STEP[sign], 1);
      left = moved(left, STEP[sign], -1);
    }
  }
  return found;
}

function moved(from: Place, step: Place, by: number) {
  return { before: from.before + by * step.before, after: from.after + by * step.after };
}

function hunkHeader(text: string) {
  const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
  if (!header) return undefined;
  const [before = 0, beforeCount = 1, after = 0, afterCount = 1] = header
    .slice(1)
    .map((number) => (number === undefined ? undefined : Number(number)));
  return { start: { before, after }, count: { before: beforeCount, after: afterCount } };
}

// SPDX-License-Identifier: MIT

import { z } from 'zod';

const count = z.int().nonnegative();

/** How often each line of a file ran that has code, by line number. */
const fileCoverage = z.strictObject({
  /** Its path in the kernel tree. */
  file: z.string(),
  lines: z.array(z.strictObject({ line: z.int().positive(), count })),
});

/** Which lines of the series' own files ran, in all guests together. */
export const coverage = z.strictObject({
  files: z.array(fileCoverage),
  /** A guest that was lost took its counts along. */
  guests: z.strictObject({ counted: count, lost: count }),
});

export type FileCoverage = z.infer<typeof fileCoverage>;
export type Coverage = z.infer<typeof coverage>;

/** The counts of all `parts` together, files and lines in order. */
export function addCoverage(parts: readonly Coverage[]): Coverage {
  const sum = (pick: (part: Coverage) => number) => parts.reduce((all, one) => all + pick(one), 0);
  return {
    files: addFiles(parts.flatMap(({ files }) => files)),
    guests: {
      counted: sum(({ guests }) => guests.counted),
      lost: sum(({ guests }) => guests.lost),
    },
  };
}

/** Each file once, with the counts of all that have its name. */
export function addFiles(files: readonly FileCoverage[]): FileCoverage[] {
  const named = Map.groupBy(files, ({ file }) => file);
  const added = [...named].map(([file, same]) => ({ file, lines: addLines(same) }));
  return added.sort((a, b) => (a.file < b.file ? -1 : 1));
}

function addLines(files: readonly FileCoverage[]): FileCoverage['lines'] {
  const counts = new Map<number, number>();
  for (const { line, count } of files.flatMap(({ lines }) => lines)) {
    counts.set(line, (counts.get(line) ?? 0) + count);
  }
  return [...counts].map(([line, count]) => ({ line, count })).sort((a, b) => a.line - b.line);
}

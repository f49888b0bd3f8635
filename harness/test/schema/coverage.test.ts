// SPDX-License-Identifier: MIT

import test from 'ava';
import { addCoverage, type Coverage } from '../../schema/coverage.ts';

/** A guest's coverage: counts of lines by their numbers. */
function guest(lost: number, files: Record<string, Record<number, number>>): Coverage {
  return {
    files: Object.entries(files).map(([file, counts]) => ({
      file,
      lines: Object.entries(counts).map(([line, count]) => ({ line: Number(line), count })),
    })),
    guests: { counted: 1 - lost, lost },
  };
}

test('what ran in any guest ran, and counts are added', (t) => {
  const sum = addCoverage([
    guest(0, { 'mm/b.c': { 7: 1, 10: 0 }, 'mm/a.c': { 1: 5 } }),
    guest(0, { 'mm/b.c': { 7: 2, 8: 0, 10: 4 } }),
    guest(1, {}),
  ]);
  t.deepEqual(sum.files, [
    { file: 'mm/a.c', lines: [{ line: 1, count: 5 }] },
    {
      file: 'mm/b.c',
      lines: [
        { line: 7, count: 3 },
        { line: 8, count: 0 },
        { line: 10, count: 4 },
      ],
    },
  ]);
  t.deepEqual(sum.guests, { counted: 2, lost: 1 });
});

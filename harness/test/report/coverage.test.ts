// SPDX-License-Identifier: MIT

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { exists } from '../../host/paths.ts';
import { CoverageReporter, coverageLines, lcovText } from '../../report/coverage.ts';
import type { Coverage } from '../../schema/coverage.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

function covered(counts: Record<number, number>, lost = 0): Coverage {
  const lines = Object.entries(counts).map(([line, count]) => ({ line: Number(line), count }));
  return { files: [{ file: 'mm/mempinfd.c', lines }], guests: { counted: 2, lost } };
}

test('the lcov file has a record for each file', (t) => {
  t.is(
    lcovText(covered({ 10: 3, 12: 0 })),
    'TN:\nSF:mm/mempinfd.c\nDA:10,3\nDA:12,0\nLF:2\nLH:1\nend_of_record\n',
  );
});

test('the table names ranges of lines with code that never ran, and rounds down', (t) => {
  const [head, row, ...rest] = coverageLines(covered({ 1: 1, 4: 0, 9: 0, 12: 2, 20: 0, 30: 1 }));
  t.regex(head ?? '', /^coverage +ran +lines +never ran$/);
  t.regex(row ?? '', /^mm\/mempinfd\.c +3 +6 +50 % +4-9, 20$/);
  t.deepEqual(rest, []);
  t.regex(coverageLines(covered({ 1: 1, 2: 1, 3: 0 }))[1] ?? '', / 66 % /);
});

test('many ranges are counted instead', (t) => {
  const counts = Object.fromEntries(Array.from({ length: 22 }, (_, i) => [i + 1, i % 2]));
  t.regex(coverageLines(covered(counts))[1] ?? '', /13, 15, 3 more$/);
});

test('guests that were lost are mentioned', (t) => {
  t.is(
    coverageLines(covered({ 1: 1 }, 1)).at(-1),
    'what ran in a guest that was lost is not counted',
  );
  t.regex(coverageLines(covered({ 1: 1 }, 3)).at(-1) ?? '', /in 3 guests that were lost/);
});

test('the file of an earlier run does not outlive a run without coverage', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-coverage-'));
  const reporter = new CoverageReporter(directory);
  const file = join(directory, 'coverage.lcov');
  const results = sampleResults([sampleTest()]);
  await reporter.runEnd({ type: 'runEnd', results: { ...results, coverage: covered({ 1: 1 }) } });
  t.regex(await readFile(file, 'utf8'), /^SF:mm\/mempinfd\.c$/m);
  await reporter.runEnd({ type: 'runEnd', results });
  t.false(await exists(file));
  await rm(directory, { recursive: true });
});

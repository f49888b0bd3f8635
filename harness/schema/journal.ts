// SPDX-License-Identifier: MIT

import { z } from 'zod';
import { EXIT, InfraError } from '../errors.ts';
import {
  type Results,
  results,
  type Splat,
  splat,
  type TestResult,
  testResult,
} from './results.ts';
import { completePlan, summarise } from './verdict.ts';

/** What a run knew before its first test, then what it learnt, a line each. */
const entry = z.union([
  z.strictObject({ run: results }),
  z.strictObject({ test: testResult }),
  z.strictObject({ splat }),
]);

/** A line of a journal. */
export type JournalEntry = { run: Results } | { test: TestResult } | { splat: Splat };

/** `entry` as a line of a journal. */
export function journalLine(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** The results of a run that was killed, from its journal; what it had not finished is lost. */
export function readJournal(text: string): Results {
  const [first, ...rest] = text.split('\n').flatMap(parseLine);
  if (!first || !('run' in first)) throw new InfraError('a journal without a beginning');
  const { run } = first;
  const finished = rest.flatMap((one) => ('test' in one ? [one.test] : []));
  const splats = rest.flatMap((one) => ('splat' in one ? [one.splat] : []));
  const error = { message: 'pinlab was killed', exitCode: EXIT.infra };
  const planned = run.tests.map(({ id }) => id);
  const tests = completePlan(planned, finished, error.message);
  const durationMs = finished.reduce((sum, test) => sum + test.durationMs, 0);
  const summary = summarise(tests, splats, { aborted: error.exitCode });
  return { ...run, durationMs, tests, splats, error, summary };
}

/** The kill may have come in the middle of a line. */
function parseLine(line: string): JournalEntry[] {
  try {
    const parsed = entry.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data as JournalEntry] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { TestResult } from '../schema/results.ts';
import type { Durations } from './batches.ts';
import { keepRecord } from './timings.ts';

const Timings = z.record(z.string(), z.number().nonnegative());

/** How long each test took when it last ran here on a kernel of this flavour; a damaged record counts as none. */
export async function readTestTimings(cacheRoot: string, flavour: string): Promise<Durations> {
  const text = await readFile(path(cacheRoot, flavour), 'utf8').catch(() => '{}');
  return new Map(Object.entries(Timings.safeParse(parseJson(text)).data ?? {}));
}

/** Remembers how long `tests` took, beside what is known of others. */
export async function writeTestTimings(
  cacheRoot: string,
  flavour: string,
  tests: readonly TestResult[],
): Promise<void> {
  const before = await readTestTimings(cacheRoot, flavour);
  const all = Object.fromEntries([...before, ...durationsOf(tests)]);
  await keepRecord(path(cacheRoot, flavour), JSON.stringify(all));
}

/** How long one attempt of each test took; a test that skipped or was lost tells nothing about that. */
export function durationsOf(tests: readonly TestResult[]): Map<string, number> {
  const told = tests.filter(({ status }) => status === 'pass' || status === 'fail');
  return new Map(told.map(({ id, durationMs, attempts }) => [id, durationMs / attempts.length]));
}

function path(cacheRoot: string, flavour: string): string {
  return join(cacheRoot, 'timings', `tests-${flavour}.json`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: MIT

import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { InfraError, UsageError } from '../errors.ts';
import { parseJson } from '../host/parseJson.ts';
import { exists } from '../host/paths.ts';
import { readJournal } from '../schema/journal.ts';
import { type Results, results } from '../schema/results.ts';
import { isBad } from '../schema/verdict.ts';

const RESULTS_FILE = 'results.json';
/** What a run that was killed leaves instead. */
const JOURNAL_FILE = 'journal.jsonl';
/** What the results in a directory may be in, the best first. */
export const RESULTS_FILES = [RESULTS_FILE, JOURNAL_FILE];

/** Where in `directory` the results of the run before are, while the present one has none yet. */
export function earlierResults(directory: string): string {
  return join(directory, '.earlier');
}

/** The results at `path`, or in it where it is a directory: those of a run that was killed as far as it came. */
export async function readResults(path: string): Promise<Results> {
  const file = (await resultsFile(path)) ?? path;
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`there are no results to read: ${cause.message}`, {
      hint: 'name the --output of an earlier run, or its results.json',
      cause,
    });
  });
  if (basename(file) === JOURNAL_FILE) return readJournal(text);
  const parsed = results.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new InfraError(`${file} is not a results document of this version`, {
    output: z.prettifyError(parsed.error),
    hint: 'it is damaged or of another version: make it anew with pinlab run',
  });
}

/** The file in `directory` that holds its results, if there is one. */
export async function resultsFile(directory: string): Promise<string | undefined> {
  const files = RESULTS_FILES.map((name) => join(directory, name));
  const there = await Promise.all(files.map(exists));
  return files.find((_, i) => there[i]);
}

/**
 * The results documents in `directories` and, where one has none of its own, directly below it. Of a
 * directory that holds shards and what they were merged to, the shards.
 */
export async function findResults(directories: readonly string[]): Promise<string[]> {
  return (await Promise.all(directories.map(resultsIn))).flat();
}

async function resultsIn(directory: string): Promise<string[]> {
  const own = await resultsFile(directory);
  const below = await resultsBelow(directory);
  if (own !== undefined) {
    const shards = (await isShard(own)) ? [] : await keep(below, isShard);
    return shards.length > 0 ? shards : [own];
  }
  if (below.length > 0) return below;
  throw new InfraError(`${directory} holds no ${RESULTS_FILE}: a shard is missing`, {
    hint: 'name the --output of each shard, or a directory that holds them all',
  });
}

async function resultsBelow(directory: string): Promise<string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => !name.startsWith('.'));
  const below = names.sort().map((name) => resultsFile(join(directory, name)));
  return (await Promise.all(below)).filter((file) => file !== undefined);
}

async function isShard(file: string): Promise<boolean> {
  return (await readResults(file)).shard !== undefined;
}

async function keep(files: readonly string[], wanted: (file: string) => Promise<boolean>) {
  const kept = await Promise.all(files.map(wanted));
  return files.filter((_, i) => kept[i]);
}

/** The ids that the run recorded in `directory` left without a pass, for a run of these alone. */
export async function lastFailed(directory: string): Promise<ReadonlySet<string>> {
  const earlier = await resultsFile(earlierResults(directory));
  const { tests } = await readResults((await resultsFile(directory)) ?? earlier ?? directory);
  const failed = tests.filter(isBad).map(({ id }) => id);
  if (failed.length > 0) return new Set(failed);
  throw new InfraError(`no test failed in the run recorded in ${directory}: nothing ran`, {
    hint: 'without --last-failed every selected test runs',
  });
}

// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { InfraError, UsageError } from '../errors.ts';
import { exists } from '../host/paths.ts';
import { readJournal } from '../schema/journal.ts';
import { type Results, results } from '../schema/results.ts';
import { isBad } from '../schema/verdict.ts';

const RESULTS_FILE = 'results.json';
/** What a run that was killed leaves instead. */
const JOURNAL_FILE = 'journal.jsonl';

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
  const files = [join(directory, RESULTS_FILE), join(directory, JOURNAL_FILE)];
  const there = await Promise.all(files.map(exists));
  return files.find((_, i) => there[i]);
}

/** The results documents in `directories` and, where one has none of its own, directly below it. */
export async function findResults(directories: readonly string[]): Promise<string[]> {
  return (await Promise.all(directories.map(resultsIn))).flat();
}

async function resultsIn(directory: string): Promise<string[]> {
  const own = await resultsFile(directory);
  if (own !== undefined) return [own];
  const names = await readdir(directory).catch(() => []);
  const below = names.sort().map((name) => resultsFile(join(directory, name)));
  const files = (await Promise.all(below)).filter((file) => file !== undefined);
  if (files.length > 0) return files;
  throw new InfraError(`${directory} holds no ${RESULTS_FILE}: a shard is missing`, {
    hint: 'name the --output of each shard, or a directory that holds them all',
  });
}

/** The ids that the run recorded in `directory` left without a pass, for a run of these alone. */
export async function lastFailed(directory: string): Promise<ReadonlySet<string>> {
  const { tests } = await readResults(directory);
  const failed = tests.filter(isBad).map(({ id }) => id);
  if (failed.length > 0) return new Set(failed);
  throw new InfraError(`no test failed in the run recorded in ${directory}: nothing ran`, {
    hint: 'without --last-failed every selected test runs',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

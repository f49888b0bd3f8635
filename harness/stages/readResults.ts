// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InfraError, UsageError } from '../errors.ts';
import { exists } from '../host/paths.ts';
import { type Results, results } from '../schema/results.ts';
import { isBad } from '../schema/verdict.ts';

/** The name of the results document in a run's output directory. */
export const RESULTS_FILE = 'results.json';

/** The results document at `path`, or in it where it is a directory. */
export async function readResults(path: string): Promise<Results> {
  const file = (await isDirectory(path)) ? join(path, RESULTS_FILE) : path;
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`there are no results to read: ${cause.message}`, { cause });
  });
  const parsed = results.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new InfraError(`${file} is not a results document of this version`, {
    output: z.prettifyError(parsed.error),
  });
}

/** The results documents in `directories` and, where one has none of its own, directly below it. */
export async function findResults(directories: readonly string[]): Promise<string[]> {
  return (await Promise.all(directories.map(resultsIn))).flat();
}

async function resultsIn(directory: string): Promise<string[]> {
  const own = join(directory, RESULTS_FILE);
  if (await exists(own)) return [own];
  const names = await readdir(directory).catch(() => []);
  const below = names.sort().map((name) => join(directory, name, RESULTS_FILE));
  const found = await Promise.all(below.map(exists));
  const files = below.filter((_, i) => found[i]);
  if (files.length > 0) return files;
  throw new InfraError(`${directory} holds no ${RESULTS_FILE}: a shard is missing`);
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

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { exists } from '../host/paths.ts';
import {
  type AnyBench,
  anyBench,
  type BenchComparison,
  compareBench,
  compareResults,
  type ResultsComparison,
} from '../schema/compare.ts';
import type { Results } from '../schema/results.ts';
import { readResults, resultsFile } from './readResults.ts';

type Document = { results: Results } | { bench: AnyBench };

const HINT =
  'name two results.json of pinlab run or two bench.json of pinlab bench, or their directories';

/** Compares the documents at two paths: results with results, or a benchmark with a benchmark. */
export async function compareDocuments(
  [before, after]: readonly [string, string],
  tolerance: number,
): Promise<ResultsComparison | BenchComparison> {
  const [old, now] = await Promise.all([readDocument(before), readDocument(after)]);
  if ('results' in old && 'results' in now) return compareResults(old.results, now.results);
  if ('bench' in old && 'bench' in now) return compareBench(old.bench, now.bench, tolerance);
  const kindOf = (document: Document) => ('results' in document ? 'results' : 'a benchmark');
  throw refusal(`${before} has ${kindOf(old)}, ${after} has ${kindOf(now)}`);
}

/** A document, or that of a directory: its results, or else its bench.json. */
async function readDocument(path: string): Promise<Document> {
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory();
  return isDirectory ? readDirectory(path) : readFileOfEither(path);
}

async function readDirectory(path: string): Promise<Document> {
  if (await resultsFile(path)) return { results: await readResults(path) };
  const bench = join(path, 'bench.json');
  if (await exists(bench)) return readFileOfEither(bench);
  throw refusal(`${path} holds neither results.json nor bench.json`);
}

async function readFileOfEither(file: string): Promise<Document> {
  const value = parse(file, await read(file));
  const found = anyBench.safeParse(value);
  if (found.success) return { bench: found.data };
  if (schemaOf(value)?.startsWith('pinlab.results/')) return { results: await readResults(file) };
  throw refusal(`${file} is neither results.json nor bench.json`);
}

function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw refusal(`cannot read ${file}: ${cause.message}`, cause);
  });
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal(`${file} is not JSON: ${(cause as Error).message}`, cause);
  }
}

function refusal(message: string, cause?: unknown): UsageError {
  return new UsageError(message, { hint: HINT, cause });
}

function schemaOf(value: unknown): string | undefined {
  const { schema } = (value ?? {}) as { schema?: unknown };
  return typeof schema === 'string' ? schema : undefined;
}

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
import { readResults } from './readResults.ts';

type Document = { results: Results } | { bench: AnyBench };

/** Compares the documents at two paths: results with results, or a benchmark with a benchmark. */
export async function compareDocuments(
  [before, after]: readonly [string, string],
  tolerance: number,
): Promise<ResultsComparison | BenchComparison> {
  const [old, now] = await Promise.all([readDocument(before), readDocument(after)]);
  if ('results' in old && 'results' in now) return compareResults(old.results, now.results);
  if ('bench' in old && 'bench' in now) return compareBench(old.bench, now.bench, tolerance);
  const kindOf = (document: Document) => ('results' in document ? 'results' : 'a benchmark');
  throw new UsageError(`${before} has ${kindOf(old)}, ${after} has ${kindOf(now)}`, {
    hint: 'compare two results.json, or two bench.json',
  });
}

/** A document, or that of a directory: its results.json, or else its bench.json. */
async function readDocument(path: string): Promise<Document> {
  const directory = (await stat(path).catch(() => undefined))?.isDirectory();
  const bench = join(path, 'bench.json');
  const onlyBench = directory && !(await exists(join(path, 'results.json')));
  const file = onlyBench && (await exists(bench)) ? bench : path;
  if (directory && file === path) return { results: await readResults(path) };
  const value = parse(file, await read(file));
  const found = anyBench.safeParse(value);
  if (found.success) return { bench: found.data };
  if (schemaOf(value)?.startsWith('pinlab.results/')) return { results: await readResults(file) };
  throw new UsageError(`${file} is neither results.json nor bench.json`, {
    hint: 'compare two files that pinlab run or pinlab bench wrote',
  });
}

function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`cannot read ${file}: ${cause.message}`, { cause });
  });
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function schemaOf(value: unknown): string | undefined {
  const { schema } = (value ?? {}) as { schema?: unknown };
  return typeof schema === 'string' ? schema : undefined;
}

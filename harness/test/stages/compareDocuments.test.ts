// SPDX-License-Identifier: MIT
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { PinlabError } from '../../errors.ts';
import { compareDocuments } from '../../stages/compareDocuments.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

async function files(contents: Record<string, unknown>) {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-compare-'));
  for (const [name, value] of Object.entries(contents)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    await writeFile(join(directory, name), text);
  }
  const at = (name: string) => join(directory, name);
  return { at, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

const RESULTS = sampleResults([sampleTest()]);
const BENCH = { schema: 'pinlab.bench/1', figures: [] };

test('two documents of one kind are compared, by file or directory', async (t) => {
  await using here = await files({ 'results.json': RESULTS });
  await using there = await files({ 'bench.json': BENCH });
  const results = await compareDocuments([here.at('results.json'), here.at('.')], 0);
  t.is(results.kind, 'results');
  const bench = await compareDocuments([there.at('.'), there.at('bench.json')], 0);
  t.is(bench.kind, 'bench');
});

test('what cannot be compared is refused, and named', async (t) => {
  await using empty = await files({});
  await using here = await files({
    'results.json': RESULTS,
    'bench.json': BENCH,
    'other.json': { schema: 'else' },
    'text.json': 'no JSON',
    'old.json': { ...RESULTS, schema: 'pinlab.results/0' },
  });
  const refuse = async (a: string, b: string, pattern: RegExp) => {
    const error = await t.throwsAsync(compareDocuments([here.at(a), here.at(b)], 0), {
      instanceOf: PinlabError,
    });
    t.regex(error.message, pattern);
    t.truthy(error.hint);
  };
  await refuse(
    'results.json',
    'bench.json',
    /results\.json has results, .*bench\.json has a bench/,
  );
  await refuse('results.json', 'other.json', /other\.json is neither/);
  await refuse('text.json', 'bench.json', /text\.json is not JSON/);
  await refuse('absent.json', 'bench.json', /cannot read .*absent\.json/);
  await refuse('.', 'bench.json', /has results, .*has a bench/);
  const nothing = await t.throwsAsync(compareDocuments([empty.at('.'), here.at('.')], 0));
  t.regex(nothing.message, /holds neither results\.json nor bench\.json/);
  await refuse('old.json', 'results.json', /not a results document of this version/);
});

// SPDX-License-Identifier: MIT

import { readFile } from 'node:fs/promises';
import test from 'ava';
import { resultsJsonSchemaText } from '../../schema/json-schema.ts';
import { results } from '../../schema/results.ts';
import { sampleResults, sampleSplat, sampleTest } from './sample.ts';

const document = () => sampleResults([sampleTest()], [sampleSplat({ allowed: 'known' })]);

test('a complete document is accepted unchanged', (t) => {
  t.deepEqual(results.parse(JSON.parse(JSON.stringify(document()))), document());
});

test('a counter that JSON cannot hold exactly is refused', (t) => {
  for (const stalls of [2 ** 53, -1, 0.5]) {
    const bad = { ...document(), tests: [sampleTest({ counters: { stalls } })] };
    t.false(results.safeParse(bad).success, String(stalls));
  }
});

test('the largest exact counter is accepted', (t) => {
  const edge = { ...document(), tests: [sampleTest({ counters: { stalls: 2 ** 53 - 1 } })] };
  t.true(results.safeParse(edge).success);
});

test('an unknown status, an unknown field and another version are refused', (t) => {
  const { tests: _, ...rest } = document();
  t.false(results.safeParse({ ...rest, tests: [{ ...sampleTest(), status: 'ok' }] }).success);
  t.false(results.safeParse({ ...document(), verdict: 'green' }).success);
  t.false(results.safeParse({ ...document(), schema: 'pinlab.results/2' }).success);
  t.false(results.safeParse(rest).success);
});

test('docs/results.schema.json is current', async (t) => {
  const file = new URL('../../../docs/results.schema.json', import.meta.url);
  t.is(await readFile(file, 'utf8'), resultsJsonSchemaText());
});

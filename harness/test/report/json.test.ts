// SPDX-License-Identifier: MIT

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { JsonReporter, ResultsFileReporter } from '../../report/json.ts';
import { results as schema } from '../../schema/results.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';
import { Collected, replay } from './collect.ts';
import { hostileResults } from './hostile.ts';

test('the stream holds one document and nothing else', async (t) => {
  for (const results of [sampleResults([sampleTest()]), hostileResults()]) {
    const stream = new Collected();
    await replay([new JsonReporter(stream)], results);
    t.deepEqual(schema.parse(JSON.parse(stream.text)), results);
  }
});

test('results.json is written into a directory that may not exist yet', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-json-'));
  const results = sampleResults([sampleTest()]);
  await replay([new ResultsFileReporter(join(directory, 'a/b'))], results);
  const names = await readdir(join(directory, 'a/b'));
  const text = await readFile(join(directory, 'a/b/results.json'), 'utf8');
  await rm(directory, { recursive: true });
  t.deepEqual(names, ['results.json']);
  t.deepEqual(JSON.parse(text), results);
});

test('a place that cannot be written is an error of ours that names the file', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-json-'));
  await writeFile(join(directory, 'file'), '');
  const reporter = new ResultsFileReporter(join(directory, 'file/results'));
  const error = await t.throwsAsync(replay([reporter], sampleResults([])));
  await rm(directory, { recursive: true });
  t.is(error?.name, 'InfraError');
  t.regex(error?.message ?? '', /^cannot write .*file\/results\/results\.json: /);
});

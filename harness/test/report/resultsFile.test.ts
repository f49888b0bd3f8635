// SPDX-License-Identifier: MIT

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ResultsFileReporter } from '../../report/resultsFile.ts';
import { readJournal } from '../../schema/journal.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';
import { replay } from './collect.ts';

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
  t.regex(error?.message ?? '', /^cannot write .*file\/results\/journal\.jsonl: /);
});

test('until the run has ended a journal knows every verdict, and no older results are there', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-json-'));
  await writeFile(join(directory, 'results.json'), 'of another run');
  const reporter = new ResultsFileReporter(directory);
  const [done, other] = [sampleTest(), sampleTest({ name: 'other' })];
  const record = sampleResults([done, other]);
  reporter.runStart({ type: 'runStart', planned: [done.id, other.id], record });
  reporter.testEnd({ type: 'testEnd', test: done });
  reporter.splat({ type: 'splat', splat: sampleSplat({ test: null }) });
  t.deepEqual(await readdir(directory), ['journal.jsonl']);
  const known = readJournal(await readFile(join(directory, 'journal.jsonl'), 'utf8'));
  t.deepEqual(
    known.tests.map(({ status }) => status),
    ['pass', 'lost'],
  );
  t.is(known.splats.length, 1);
  await rm(directory, { recursive: true });
});

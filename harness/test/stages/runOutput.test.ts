// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { InfraError, UsageError } from '../../errors.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import { journalLine } from '../../schema/journal.ts';
import { findResults, lastFailed } from '../../stages/readResults.ts';
import { claimOutput, forgetEarlier, setAside } from '../../stages/runOutput.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

const NEVER = new AbortController().signal;
const failed = sampleTest({ name: 'f.fails', status: 'fail' });
const DOCUMENT = JSON.stringify(sampleResults([failed]));

test('two runs do not share their output', async (t) => {
  await using output = await temporaryDirectory('output');
  await using _ = await claimOutput(output.path, NEVER);
  await t.throwsAsync(claimOutput(output.path, NEVER), { instanceOf: UsageError });
});

test('a run that ends before its first test leaves no results of another', async (t) => {
  await using output = await temporaryDirectory('output');
  const files = ['results.json', 'journal.jsonl', 'report.html', 'junit.xml', 'coverage.lcov'];
  for (const file of [...files, 'bench.json']) await writeFile(join(output.path, file), DOCUMENT);
  await setAside(output.path);
  const left = (await readdir(output.path)).filter((name) => !name.startsWith('.'));
  t.deepEqual(left, ['bench.json']);
  await t.throwsAsync(findResults([output.path]), { instanceOf: InfraError });
});

test('what failed before stays known until a run has results of its own', async (t) => {
  await using output = await temporaryDirectory('output');
  await writeFile(join(output.path, 'results.json'), DOCUMENT);
  await setAside(output.path);
  await setAside(output.path);
  t.deepEqual([...(await lastFailed(output.path))], [failed.id]);
  const other = sampleTest({ name: 'f.other', status: 'fail' });
  await writeFile(join(output.path, 'journal.jsonl'), journalLine({ run: sampleResults([other]) }));
  t.deepEqual([...(await lastFailed(output.path))], [other.id]);
  await setAside(output.path);
  t.deepEqual([...(await lastFailed(output.path))], [other.id]);
  await forgetEarlier(output.path);
  await t.throwsAsync(lastFailed(output.path), { instanceOf: UsageError });
});

test('what a guest left is no other run’s', async (t) => {
  await using output = await temporaryDirectory('output');
  for (const file of ['console.log', 'console-2.log', 'hang-1.txt', 'mine.log'])
    await writeFile(join(output.path, file), '');
  await mkdir(join(output.path, 'failures'));
  await using _ = await claimOutput(output.path, NEVER);
  const left = (await readdir(output.path)).filter((name) => !name.startsWith('.'));
  t.deepEqual(left.sort(), ['failures', 'mine.log']);
});

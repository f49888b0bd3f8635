// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { InfraError, UsageError } from '../../errors.ts';
import { journalLine } from '../../schema/journal.ts';
import { findResults, lastFailed, readResults } from '../../stages/readResults.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

async function recorded(text: string) {
  const directory = await mkdtemp(join(tmpdir(), 'results-'));
  await writeFile(join(directory, 'results.json'), text);
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

const pass = sampleTest();
const fail = sampleTest({ name: 'f.fails', status: 'fail' });
const lost = sampleTest({ name: 'f.lost', status: 'lost' });

test('results are read from their file or its directory', async (t) => {
  const document = sampleResults([pass]);
  await using run = await recorded(JSON.stringify(document));
  t.deepEqual(await readResults(run.directory), document);
  t.deepEqual(await readResults(join(run.directory, 'results.json')), document);
});

test('of a run that was killed, its journal is read', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'results-'));
  const record = journalLine({ run: sampleResults([pass, fail]) });
  await writeFile(join(directory, 'journal.jsonl'), record + journalLine({ test: pass }));
  t.deepEqual(await findResults([directory]), [join(directory, 'journal.jsonl')]);
  const { tests, error } = await readResults(directory);
  t.deepEqual(
    tests.map(({ status }) => status),
    ['pass', 'lost'],
  );
  t.is(error?.message, 'pinlab was killed');
  t.deepEqual([...(await lastFailed(directory))], [fail.id]);
  await rm(directory, { recursive: true });
});

test('what failed or was lost runs again, what passed does not', async (t) => {
  await using run = await recorded(JSON.stringify(sampleResults([pass, fail, lost])));
  t.deepEqual([...(await lastFailed(run.directory))], [fail.id, lost.id]);
});

test('a run without a failure leaves nothing to run', async (t) => {
  await using run = await recorded(JSON.stringify(sampleResults([pass])));
  const error = await t.throwsAsync(lastFailed(run.directory), { instanceOf: InfraError });
  t.regex(error.message, /no test failed/);
});

test('shards come before what they were merged to', async (t) => {
  await using run = await recorded(JSON.stringify(sampleResults([pass])));
  const files = ['1', '2'].map((name) => join(run.directory, name, 'results.json'));
  for (const [i, file] of files.entries()) {
    const shard = { index: i + 1, total: 2, plan: [pass.id, fail.id] };
    await mkdir(dirname(file));
    await writeFile(file, JSON.stringify({ ...sampleResults([[pass, fail][i] ?? pass]), shard }));
  }
  t.deepEqual(await findResults([run.directory]), files);
});

test('a whole run comes before what another left below it', async (t) => {
  await using run = await recorded(JSON.stringify(sampleResults([pass])));
  await mkdir(join(run.directory, 'replay'));
  await writeFile(
    join(run.directory, 'replay/results.json'),
    JSON.stringify(sampleResults([fail])),
  );
  t.deepEqual(await findResults([run.directory]), [join(run.directory, 'results.json')]);
});

test('results are found in a directory or right below it', async (t) => {
  await using run = await recorded(JSON.stringify(sampleResults([pass])));
  const parent = await mkdtemp(join(tmpdir(), 'shards-'));
  for (const name of ['2', '1']) {
    await mkdir(join(parent, name));
    await writeFile(join(parent, name, 'results.json'), '{}');
  }
  t.deepEqual(await findResults([parent, run.directory]), [
    join(parent, '1/results.json'),
    join(parent, '2/results.json'),
    join(run.directory, 'results.json'),
  ]);
  await rm(parent, { recursive: true });
  await t.throwsAsync(findResults([run.directory, parent]), { instanceOf: InfraError });
});

test('absent results are an error of the user, damaged ones are not', async (t) => {
  await t.throwsAsync(readResults('/no/such/run'), { instanceOf: UsageError });
  for (const text of ['', '{"schema": 1', '{}', JSON.stringify({ ...sampleResults([]), x: 1 })]) {
    await using run = await recorded(text);
    const error = await t.throwsAsync(readResults(run.directory), { instanceOf: InfraError });
    t.regex(error.message, /is not a results document/, text);
  }
});

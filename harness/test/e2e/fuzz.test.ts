// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, ROOT, readResults, temporaryDirectory } from './pinlab.ts';

const EVERY_OPERATION = join(ROOT, 'harness/test/recorded/fuzz/every-operation.txt');

test('operations of a file end as the model predicts, each kind among them', async (t) => {
  await using directory = await temporaryDirectory();
  const args = ['fuzz', '--replay', EVERY_OPERATION, '--output', directory.path];
  const { code, tail } = await pinlab(args);
  t.is(code, EXIT.ok, tail);
  const { tests } = await readResults(directory.path);
  t.deepEqual(
    tests.map(({ id, status }) => `${status} ${id}`),
    ['pass fuzz:sequence.replayed.ends_as_the_model_predicts'],
  );
  const text = await readFile(EVERY_OPERATION, 'utf8');
  const operations = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // Each of them had something to do; what ends every episode is counted as well.
  const performed = /^# (\d+) operations$/m.exec(
    tests[0]?.attempts[0]?.diagnostics.join('\n') ?? '',
  );
  t.true(Number(performed?.[1]) >= operations.length, performed?.[0]);
  const source = await readFile(join(ROOT, 'guest-tests/fuzz/operation.c'), 'utf8');
  for (const [, name] of source.matchAll(/^\t\[OP_\w+\] = \{ "(\w+)"/gm)) {
    t.true(
      operations.some((line) => line.startsWith(`${name} `)),
      name,
    );
  }
});

test('a seed that is no test of its own is one all the same', async (t) => {
  await using directory = await temporaryDirectory();
  const args = ['fuzz', '--seed', '4711', '--budget', '1', '--output', directory.path];
  const { code, tail } = await pinlab(args);
  t.is(code, EXIT.ok, tail);
  const { tests } = await readResults(directory.path);
  t.deepEqual(
    tests.map(({ id, status }) => `${status} ${id}`),
    ['pass fuzz:sequence.seed_4711.ends_as_the_model_predicts'],
  );
  t.true((tests[0]?.counters?.aborts ?? 0) > 0);
});

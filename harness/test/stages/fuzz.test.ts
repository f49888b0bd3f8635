// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import {
  checkReplay,
  fuzzTests,
  SEQUENCE_OPERATIONS,
  shrunkOperations,
  writeReproducers,
} from '../../stages/fuzz.ts';
import { CONTROLS } from '../report/hostile.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('a budget is as many sequences as perform it, from the seed on', (t) => {
  const names = fuzzTests({ seed: 7, budget: 2 * SEQUENCE_OPERATIONS + 1 }).map(({ id }) => id);
  t.deepEqual(names, [
    'fuzz:sequence.seed_7.ends_as_the_model_predicts',
    'fuzz:sequence.seed_8.ends_as_the_model_predicts',
    'fuzz:sequence.seed_9.ends_as_the_model_predicts',
  ]);
  t.is(fuzzTests({ seed: 1, budget: 1 }).length, 1);
  t.is(fuzzTests({ file: 'x' })[0]?.name, 'sequence.replayed.ends_as_the_model_predicts');
});

test('harness and guest agree how long a sequence is', async (t) => {
  const source = await readFile(join(ROOT, 'guest-tests/fuzz.c'), 'utf8');
  t.is(Number(/SEQUENCE_OPERATIONS\t(\d+)/.exec(source)?.[1]), SEQUENCE_OPERATIONS);
  const seeds = [...source.matchAll(/^FIXTURE_VARIANT_ADD\(sequence, seed_/gm)].length;
  t.is(seeds * SEQUENCE_OPERATIONS, 100_000);
});

test('operations are taken from what a test printed, and nothing else is', (t) => {
  const diagnostics = ['# shrunk from 200 operations to 2:', '# fuzz: open file=0', 'fuzz: x'];
  t.deepEqual(shrunkOperations({ diagnostics }), ['open file=0']);
});

test('a finding is written so that it can be replayed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-fuzz-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const attempt = { status: 'fail' as const, durationMs: 1, diagnostics: ['# fuzz: open file=0'] };
  const id = 'fuzz:sequence.seed_1.it';
  const found = sampleTest({ id, reason: 'VmPin after pin', attempts: [attempt] });
  const results = sampleResults([sampleTest(), found]);
  const files = await writeReproducers(directory, results);
  t.deepEqual(files, [join(directory, 'fuzz_sequence.seed_1.it.txt')]);
  t.is(await readFile(files[0] as string, 'utf8'), '# VmPin after pin\nopen file=0\n');
  await t.notThrowsAsync(checkReplay(files[0] as string));
});

test('a reason longer than any operation stays one line', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-fuzz-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const attempt = { status: 'fail' as const, durationMs: 1, diagnostics: ['# fuzz: open file=0'] };
  const reason = `Expected "agreement" == text (${'result of pin '.repeat(50)})`;
  const found = sampleTest({ reason, attempts: [attempt] });
  const [file] = await writeReproducers(directory, sampleResults([found]));
  t.is(await readFile(file as string, 'utf8'), `# ${reason}\nopen file=0\n`);
  await t.notThrowsAsync(checkReplay(file as string));
});

test('a file without operations, or with something else, is refused', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-fuzz-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'operations.txt');
  for (const text of ['', '# nothing\n', 'open file=0\nrm -rf /\n', 'pin pin=x\n']) {
    await writeFile(file, text);
    await t.throwsAsync(checkReplay(file), { instanceOf: UsageError }, text);
  }
  for (const path of [join(directory, 'gone'), directory]) {
    const error = await t.throwsAsync(checkReplay(path), { instanceOf: UsageError });
    t.regex(error.message, /^cannot read /);
    t.truthy(error.hint);
  }
});

test('of a file that is no text, only what a terminal can show is shown, and not much', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-fuzz-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'binary');
  await writeFile(file, Buffer.from(`\x1b[2J\0\x07${'x'.repeat(10_000)}`));
  const error = await t.throwsAsync(checkReplay(file), { instanceOf: UsageError });
  t.notRegex(error.message, CONTROLS);
  t.true(error.message.length < file.length + 200);
});

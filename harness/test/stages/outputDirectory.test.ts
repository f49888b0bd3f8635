// SPDX-License-Identifier: MIT
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import { outputDirectory } from '../../stages/outputDirectory.ts';

test('a directory is made, with those above it, and may be there already', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const path = join(scratch.path, 'a/b');
  t.is(await outputDirectory(path), path);
  t.is(await outputDirectory(path), path);
  t.true((await stat(path)).isDirectory());
});

test('a file, what is below one, and what has no room for a directory are refused', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const file = join(scratch.path, 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'below'), '/proc/results', `${file}\0`]) {
    const error = await t.throwsAsync(outputDirectory(path), { instanceOf: UsageError });
    t.regex(error.message, /^cannot write to --output /);
    t.truthy(error.hint);
  }
});

// SPDX-License-Identifier: MIT
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
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

test('a directory in the developer’s own tree is refused and not made, one beside it is taken', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const [tree, link] = [join(scratch.path, 'linux'), join(scratch.path, 'link')];
  await mkdir(tree);
  await symlink(tree, link);
  const inside = join(tree, 'results');
  const byLink = [join(link, 'results'), join(link, 'not/there/yet')];
  for (const kernel of [tree, link]) {
    for (const output of [inside, ...byLink]) {
      const refused = outputDirectory(output, kernel);
      const error = await t.throwsAsync(refused, { instanceOf: UsageError }, output);
      t.regex(error.message, /is never written to/);
      t.regex(error.hint ?? '', /--output DIR/);
    }
    t.deepEqual(await readdir(tree), []);
  }
  const beside = `${tree}-results`;
  t.is(await outputDirectory(beside, tree), beside);
  t.is(await outputDirectory(inside, '6.12'), inside);
});

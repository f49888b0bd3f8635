// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Watch } from '../../host/watch.ts';

const never = new AbortController().signal;

async function tree() {
  const path = await mkdtemp(join(tmpdir(), 'pinlab-watch-'));
  await mkdir(join(path, 'mm/internal'), { recursive: true });
  await mkdir(join(path, '.git'));
  await writeFile(join(path, 'mm/internal/gup.c'), 'one');
  await writeFile(join(path, 'a.patch'), 'one');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('a file that is saved below a directory is named once, however many steps it takes', async (t) => {
  await using sources = await tree();
  using watch = await Watch.open([sources.path]);
  const file = join(sources.path, 'mm/internal/gup.c');
  const next = watch.next(never);
  await writeFile(`${file}~`, 'backup');
  await writeFile(join(sources.path, '.git/index'), 'hidden');
  await writeFile(file, 'two');
  await writeFile(file, 'three');
  t.deepEqual(await next, [file]);
});

test('a file that an editor replaces is seen by its name', async (t) => {
  await using sources = await tree();
  const file = join(sources.path, 'a.patch');
  using watch = await Watch.open([file]);
  await writeFile(join(sources.path, 'b.patch'), 'not followed');
  await writeFile(join(sources.path, 'new'), 'two');
  await rename(join(sources.path, 'new'), file);
  t.deepEqual(await watch.next(never), [file]);
});

test('a directory that is made later is followed as well', async (t) => {
  await using sources = await tree();
  using watch = await Watch.open([sources.path]);
  const directory = join(sources.path, 'drivers');
  await mkdir(directory);
  t.deepEqual(await watch.next(never), [directory]);
  await writeFile(join(directory, 'new.c'), 'one');
  t.deepEqual(await watch.next(never), [join(directory, 'new.c')]);
});

test('what changes while nobody waits is told at once; an abort ends the wait', async (t) => {
  await using sources = await tree();
  using watch = await Watch.open([sources.path]);
  const file = join(sources.path, 'mm/internal/gup.c');
  await writeFile(file, 'two');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.deepEqual(await watch.next(never), [file]);
  t.deepEqual(await watch.next(AbortSignal.timeout(50)), []);
});

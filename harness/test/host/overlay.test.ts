// SPDX-License-Identifier: MIT
import { link, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { readAppliedFiles } from '../../host/appliedFiles.ts';
import { applySeries, linkTree, mirror, type Series, touchedFiles } from '../../host/overlay.ts';
import { exists } from '../../host/paths.ts';

const PATCH = `--- a/dir/a.c
+++ b/dir/a.c
@@ -1,2 +1,2 @@
-old
+new
 same
`;
const ADDING = `--- /dev/null
+++ b/added.c
@@ -0,0 +1 @@
+added
`;
const NONE: Series = { name: 'none', newFiles: [], patches: [] };

async function trees() {
  const root = await mkdtemp(join(tmpdir(), 'overlay-'));
  const pristine = join(root, 'pristine');
  await mkdir(join(pristine, 'dir'), { recursive: true });
  await writeFile(join(pristine, 'dir/a.c'), 'old\nsame\n');
  await writeFile(join(pristine, 'b.c'), 'b\n');
  await writeFile(join(root, '1.patch'), PATCH);
  await writeFile(join(root, '2.patch'), ADDING);
  await mkdir(join(root, 'new/deep'), { recursive: true });
  await writeFile(join(root, 'new/deep/n.c'), 'n\n');
  const tree = join(root, 'tree');
  await linkTree(pristine, tree);
  const series: Series = {
    name: 'ours',
    newFiles: [{ from: join(root, 'new'), to: 'mm' }],
    patches: [join(root, '1.patch'), join(root, '2.patch')],
  };
  const read = (name: string) => readFile(join(tree, name), 'utf8');
  return {
    root,
    pristine,
    tree,
    series,
    read,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

test('a series lands in the tree and the pristine source keeps its bytes', async (t) => {
  await using f = await trees();
  await applySeries(f.pristine, f.tree, f.series);
  t.is(await f.read('dir/a.c'), 'new\nsame\n');
  t.is(await f.read('added.c'), 'added\n');
  t.is(await f.read('mm/deep/n.c'), 'n\n');
  t.is(await readFile(join(f.pristine, 'dir/a.c'), 'utf8'), 'old\nsame\n');
});

test('taking the series away restores every file', async (t) => {
  await using f = await trees();
  await applySeries(f.pristine, f.tree, f.series);
  await applySeries(f.pristine, f.tree, NONE);
  t.is(await f.read('dir/a.c'), 'old\nsame\n');
  t.false(await exists(join(f.tree, 'added.c')));
  t.false(await exists(join(f.tree, 'mm/deep/n.c')));
});

test('a file whose bytes stay is not touched, so make does not rebuild it', async (t) => {
  await using f = await trees();
  await applySeries(f.pristine, f.tree, f.series);
  const long_ago = new Date(1_000_000_000_000);
  await utimes(join(f.tree, 'dir/a.c'), long_ago, long_ago);
  await writeFile(join(f.root, 'new/deep/n.c'), 'edited\n');
  await applySeries(f.pristine, f.tree, f.series);
  t.is((await stat(join(f.tree, 'dir/a.c'))).mtimeMs, long_ago.getTime());
  t.is(await f.read('mm/deep/n.c'), 'edited\n');
});

test('a patch that does not apply is a usage error that names it and changes nothing', async (t) => {
  await using f = await trees();
  await writeFile(join(f.root, '1.patch'), PATCH.replace('-old', '-other'));
  const error = await t.throwsAsync(applySeries(f.pristine, f.tree, f.series), {
    instanceOf: UsageError,
  });
  t.regex(error?.message ?? '', /1\.patch does not apply/);
  t.is(await f.read('dir/a.c'), 'old\nsame\n');
});

test('a kill in the middle is repaired by the next run', async (t) => {
  await using f = await trees();
  await applySeries(f.pristine, f.tree, f.series);
  // What a killed run leaves: the list of files is written first.
  await rm(join(f.tree, 'dir/a.c'));
  await link(join(f.pristine, 'b.c'), join(f.tree, 'dir/a.c'));
  await applySeries(f.pristine, f.tree, NONE);
  t.is(await f.read('dir/a.c'), 'old\nsame\n');
  t.is(await readFile(join(f.pristine, 'b.c'), 'utf8'), 'b\n');
});

for (const record of ['', '["dir/a.c"', '{}', '[1]']) {
  test(`a tree whose record is ${record || 'empty'} is made anew`, async (t) => {
    await using f = await trees();
    await applySeries(f.pristine, f.tree, f.series);
    await writeFile(join(f.tree, '.pinlab-series.json'), record);
    await applySeries(f.pristine, f.tree, NONE);
    t.is(await f.read('dir/a.c'), 'old\nsame\n');
    t.false(await exists(join(f.tree, 'added.c')));
    t.false(await exists(`${f.tree}.damaged`));
  });
}

test('a record that cannot be read is not taken for an empty one', async (t) => {
  await using f = await trees();
  await applySeries(f.pristine, f.tree, f.series);
  await rm(join(f.tree, '.pinlab-series.json'));
  await mkdir(join(f.tree, '.pinlab-series.json'));
  await t.throwsAsync(readAppliedFiles(f.tree), { code: 'EISDIR' });
});

test('a record is replaced, never written through', async (t) => {
  await using f = await trees();
  await applySeries(f.pristine, f.tree, f.series);
  const other = join(f.root, 'other');
  await link(join(f.tree, '.pinlab-series.json'), other);
  await applySeries(f.pristine, f.tree, NONE);
  t.true((await readFile(other, 'utf8')).includes('added.c'));
});

const DELETING = `diff --git a/b.c b/b.c
deleted file mode 100644
--- a/b.c
+++ /dev/null
@@ -1 +0,0 @@
-b
`;
const RENAMING = `diff --git a/b.c b/dir/moved.c
similarity index 100%
rename from b.c
rename to dir/moved.c
`;
const MAKING_EXECUTABLE = `diff --git a/b.c b/b.c
old mode 100644
new mode 100755
`;

test('a file that a series deletes is gone until another series wants it', async (t) => {
  await using f = await trees();
  const deleting = join(f.root, 'deleting.patch');
  await writeFile(deleting, DELETING);
  const series = { ...NONE, patches: [deleting] };
  await applySeries(f.pristine, f.tree, series);
  t.false(await exists(join(f.tree, 'b.c')));
  await applySeries(f.pristine, f.tree, series);
  t.false(await exists(join(f.tree, 'b.c')), 'restored by the same series');
  await applySeries(f.pristine, f.tree, NONE);
  t.is(await f.read('b.c'), 'b\n');
});

test('a file that a series renames is in one place', async (t) => {
  await using f = await trees();
  const renaming = join(f.root, 'renaming.patch');
  await writeFile(renaming, RENAMING);
  await applySeries(f.pristine, f.tree, { ...NONE, patches: [renaming] });
  t.false(await exists(join(f.tree, 'b.c')));
  t.is(await f.read('dir/moved.c'), 'b\n');
  await applySeries(f.pristine, f.tree, NONE);
  t.is(await f.read('b.c'), 'b\n');
  t.false(await exists(join(f.tree, 'dir/moved.c')));
});

test('a file that a series makes executable can be executed in the tree alone', async (t) => {
  await using f = await trees();
  const making = join(f.root, 'making.patch');
  await writeFile(making, MAKING_EXECUTABLE);
  const executable = async (tree: string) => ((await stat(join(tree, 'b.c'))).mode & 0o100) !== 0;
  await applySeries(f.pristine, f.tree, { ...NONE, patches: [making] });
  t.true(await executable(f.tree));
  t.false(await executable(f.pristine));
  await applySeries(f.pristine, f.tree, NONE);
  t.false(await executable(f.tree));
});

test('lists what a patch touches once', (t) => {
  t.deepEqual(touchedFiles(PATCH + ADDING), ['dir/a.c', 'added.c']);
});

test('a mirror has what is below the parts and nothing else, and rewrites only what differs', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'overlay-'));
  const tree = join(root, 'tree');
  const from = join(root, 'from');
  await mkdir(join(from, 'programs/lib'), { recursive: true });
  await mkdir(join(from, 'docs'));
  for (const file of ['programs/a.c', 'programs/lib/b.c', 'docs/page', 'docs/other'])
    await writeFile(join(from, file), `${file}\n`);
  const parts = ['programs', 'docs/page', 'absent'];
  await mirror(from, parts, tree);
  const old = new Date(0);
  for (const file of ['programs/a.c', 'docs/page']) await utimes(join(tree, file), old, old);
  await writeFile(join(tree, 'programs/left'), 'left\n');
  await writeFile(join(from, 'docs/page'), 'new\n');
  await utimes(join(from, 'docs/page'), old, old);
  await rm(join(from, 'programs/lib/b.c'));
  await mirror(from, parts, tree);
  t.is((await stat(join(tree, 'programs/a.c'))).mtimeMs, 0);
  t.true((await stat(join(tree, 'docs/page'))).mtimeMs > 0, 'older than what it replaces');
  t.is(await readFile(join(tree, 'docs/page'), 'utf8'), 'new\n');
  for (const file of ['programs/left', 'programs/lib/b.c', 'docs/other'])
    t.false(await exists(join(tree, file)), file);
  await rm(root, { recursive: true });
});

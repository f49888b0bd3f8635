// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { BuildError } from '../../errors.ts';
import { type Series, seriesOverlay } from '../../host/overlay.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import { blame } from '../../stages/blame.ts';

const PATCH = `Why.
--- a/mm/gup.c
+++ b/mm/gup.c
@@ -1,2 +1,2 @@
-zero
+one
 two
@@ -8,2 +8,3 @@
 eight
+between
 nine
`;

/** A checkout with a patch and a new file. */
async function checkout() {
  const scratch = await temporaryDirectory('test');
  const patch = join(scratch.path, 'fix.patch');
  const added = join(scratch.path, 'kernel/mempinfd');
  await mkdir(join(added, 'mm'), { recursive: true });
  await writeFile(join(added, 'mm/mempinfd.c'), 'a\nb\n');
  await writeFile(patch, PATCH);
  const series: Series = { name: 'x', newFiles: [{ from: added, to: '' }], patches: [patch] };
  const placeOf = async (error: unknown, some = series) => {
    const thrown = await blame(scratch.path, some, error).catch((one: unknown) => one);
    return (thrown as BuildError).place;
  };
  return { scratch, patch, series, placeOf };
}

const complaint = (output: string) => new BuildError('build the kernel', { output });

test('an error of the compiler is at the line of the patch or new file that it names', async (t) => {
  const { scratch, placeOf } = await checkout();
  await using _ = scratch;
  const patch = { file: 'fix.patch', line: 10 };
  t.deepEqual(await placeOf(complaint('../mm/gup.c:9:3: error: no')), patch);
  t.deepEqual(await placeOf(complaint('mm/gup.c:9:3: fatal error: no')), patch);
  const both = '../mm/slab.c:9:3: error: no\n../mm/gup.c:9:3: error: no';
  t.deepEqual(await placeOf(complaint(both)), patch);
  const own = { file: 'kernel/mempinfd/mm/mempinfd.c', line: 2 };
  t.deepEqual(await placeOf(complaint('../mm/mempinfd.c:2:1: error: no')), own);
});

test('an error about other lines has no place, and stays the error that it was', async (t) => {
  const { scratch, placeOf, series } = await checkout();
  await using _ = scratch;
  for (const output of ['../mm/gup.c:2:3: error: no', '../mm/gup.c:9:3: warning: no', 'make: no'])
    t.is(await placeOf(complaint(output)), undefined, output);
  const error = new Error('no');
  t.is(await t.throwsAsync(blame(scratch.path, series, error)), error);
});

test('a patch that does not apply is at the hunk that git names, where its user has it', async (t) => {
  const { scratch, placeOf, series, patch } = await checkout();
  await using _ = scratch;
  const tree = join(scratch.path, 'tree');
  await mkdir(join(tree, 'mm'), { recursive: true });
  const lines = ['zero', 'two', 3, 4, 5, 6, 7, 'eight', 'other'];
  await writeFile(join(tree, 'mm/gup.c'), `${lines.join('\n')}\n`);
  const overlay = join(scratch.path, 'overlay');
  const refused = await t.throwsAsync(seriesOverlay(tree, overlay, series));
  t.deepEqual(await placeOf(refused), { file: 'fix.patch', line: 8 });
  const mailbox = join(scratch.path, 'v5.mbox');
  const origins = new Map([[patch, { mailbox, line: 20, verbatim: true }]]);
  const again = await t.throwsAsync(seriesOverlay(tree, overlay, series));
  t.deepEqual(await placeOf(again, { ...series, origins }), { file: 'v5.mbox', line: 27 });
});

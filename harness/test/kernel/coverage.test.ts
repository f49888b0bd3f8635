// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { coverageSettings, ownSources, parseGcov } from '../../kernel/coverage.ts';

const PATCH = `--- a/mm/gup.c
+++ b/mm/gup.c
@@ -1 +1 @@
-a
+b
--- /dev/null
+++ b/mm/added.c
@@ -0,0 +1 @@
+int added;
`;

async function write(file: string, text: string) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

test('the own files of a series are the C files of the kernel that it adds', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'pinlab-own-'));
  for (const name of ['mm/mempinfd.c', 'include/x.h', 'tools/testing/selftests/mm/t.c'])
    await write(join(root, 'new', name), '');
  await write(join(root, 'a.patch'), PATCH);
  await write(join(root, 'tree/mm/mempinfd.c'), '');
  const series = {
    name: 'x',
    newFiles: [{ from: join(root, 'new'), to: '' }],
    patches: [join(root, 'a.patch')],
  };
  const source = { directory: join(root, 'tree'), version: '1', base: '6.12', hit: true };
  const none = { name: 'none', newFiles: [], patches: [] };
  const pristine = { ...source, pristine: true };
  t.deepEqual(await ownSources(pristine, series), ['mm/added.c', 'mm/mempinfd.c']);
  t.deepEqual(await ownSources(pristine, none), []);
  // No series says what of a developer's tree is its own.
  t.deepEqual(await ownSources({ ...source, pristine: false }, none), ['mm/mempinfd.c']);
  await rm(root, { recursive: true });
});

test('make is told the names of the objects', (t) => {
  t.deepEqual(coverageSettings(['mm/mempinfd.c']), ['GCOV_PROFILE_mempinfd.o=y']);
});

test('of what gcov reports only the file itself counts, whatever its path looked like', (t) => {
  const line = (line_number: number, count: number) => ({ line_number, count });
  const report = {
    current_working_directory: '/trees/x/build-base',
    files: [
      { file: '../mm/mempinfd.c', lines: [line(3, 0), line(2, 1), line(2, 4)] },
      { file: '../include/linux/mm.h', lines: [line(9, 9)] },
    ],
  };
  t.deepEqual(parseGcov(JSON.stringify(report), 'mm/mempinfd.c'), {
    file: 'mm/mempinfd.c',
    lines: [
      { line: 2, count: 5 },
      { line: 3, count: 0 },
    ],
  });
  t.throws(() => parseGcov('{}', 'mm/mempinfd.c'), { instanceOf: InfraError });
});

// SPDX-License-Identifier: MIT
import { readlink } from 'node:fs/promises';
import test from 'ava';
import { run } from '../../host/spawn.ts';
import { unlinkedFile } from '../../host/unlinkedFile.ts';

test('a file without a name is another process’s to write and to read until it is closed', async (t) => {
  const file = await unlinkedFile();
  const target = await readlink(file.path);
  t.regex(target, /\(deleted\)$/);
  await run('sh', ['-c', `echo kept > ${file.path}`], { what: 'write' });
  const { stdout } = await run('cat', [file.path], { what: 'read' });
  t.is(stdout, 'kept');
  await file[Symbol.asyncDispose]();
  // The number of a closed descriptor is the next file’s.
  t.not(await readlink(file.path).catch(() => 'none'), target);
});

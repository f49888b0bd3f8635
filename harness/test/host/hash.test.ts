// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { hashFile, hashFiles, hashTree, listFiles } from '../../host/hash.ts';
import { temporaryDirectory } from '../../host/temporary.ts';

test('the hash is over every byte, however many reads they take', async (t) => {
  await using directory = await temporaryDirectory('hash');
  const file = join(directory.path, 'file');
  for (const length of [0, 1, (1 << 20) - 1, 1 << 20, (5 << 20) + 3]) {
    const bytes = Buffer.alloc(length, `${length} bytes`);
    await writeFile(file, bytes);
    t.is(await hashFile(file), createHash('sha256').update(bytes).digest('hex'), `${length}`);
  }
});

test('a file that is not there is an error', async (t) => {
  await t.throwsAsync(hashFile('/no/such/file'), { code: 'ENOENT' });
});

test('of many files each has its own hash, in their order, and the tree has one of them all', async (t) => {
  await using directory = await temporaryDirectory('hash');
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const names = Array.from({ length: 200 }, (_, index) => `file-${1000 + index}`);
  for (const name of names) await writeFile(join(directory.path, name), `bytes of ${name}`);
  const hashed = await hashFiles(names.map((name) => join(directory.path, name)));
  t.deepEqual(
    hashed,
    names.map((name) => [join(directory.path, name), sha256(`bytes of ${name}`)]),
  );
  const all = names.map((name) => `${name}\0${sha256(`bytes of ${name}`)}\0`).join('');
  t.is(await hashTree(directory.path), sha256(all));
});

test('below a file there is that file, below nothing there is none', async (t) => {
  await using directory = await temporaryDirectory('hash');
  const file = join(directory.path, 'file');
  await writeFile(file, 'bytes');
  t.deepEqual(await listFiles(file), [file]);
  t.deepEqual(await listFiles(join(directory.path, 'absent')), []);
  await writeFile(join(directory.path, 'other'), 'other bytes');
  t.not(await hashTree(file), await hashTree(join(directory.path, 'other')));
});

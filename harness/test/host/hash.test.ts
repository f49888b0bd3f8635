// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { hashFile } from '../../host/hash.ts';
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

// SPDX-License-Identifier: MIT
import { cp, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { hashFile } from '../../host/hash.ts';
import { built } from './machine.ts';
import { readOnly, smallDisk } from './mount.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';
import { brokenFiles, SHARED, throwawayCache } from './throwawayCache.ts';

const RUN = ['run', 'rings', '--jobs', '1', '--output'];
const OWN = ['image', 'guest-tests'];

test('a full disk below the cache ends the build, says so, and leaves nothing half-written', async (t) => {
  await using directory = await temporaryDirectory();
  const home = join(directory.path, 'cache');
  await using _ = await smallDisk(home, 1024);
  const cache = await throwawayCache(home);
  const { code, stderr } = await pinlab([...RUN, join(directory.path, 'results')], {
    XDG_CACHE_HOME: home,
  });
  t.is(code, EXIT.infra, stderr);
  t.regex(stderr, /the disk is full: free some, or set XDG_CACHE_HOME to a larger one/);
  t.deepEqual(await brokenFiles(cache, OWN), []);
  for (const kind of OWN) {
    const names = await readdir(join(cache, kind)).catch(() => []);
    t.deepEqual(
      names.filter((name) => !name.endsWith('.lock')),
      [],
      kind,
    );
  }
});

test('a full disk below the output ends the run and says where', async (t) => {
  await using directory = await temporaryDirectory();
  const output = join(directory.path, 'results');
  await using _ = await smallDisk(output, 24);
  const { code, stderr } = await pinlab([...RUN, output]);
  t.is(code, EXIT.infra, stderr);
  t.regex(stderr, /cannot write \S*\/results\/|no space left on device/i);
  t.regex(stderr, /choose another directory with --output|the disk is full/);
});

test('a read-only cache serves what it has, and says what it cannot take', async (t) => {
  await using directory = await temporaryDirectory();
  const home = join(directory.path, 'cache');
  const cache = await throwawayCache(home, [...SHARED, 'guest-tests']);
  const environment = { XDG_CACHE_HOME: home };
  const output = join(directory.path, 'results');
  const filled = await pinlab([...RUN, output], environment);
  t.is(filled.code, EXIT.ok, filled.tail);
  {
    await using _ = await readOnly(cache);
    const { code, tail } = await pinlab([...RUN, output], environment);
    t.is(code, EXIT.ok, tail);
    t.is((await readResults(output)).summary.exitCode, EXIT.ok);
    const doctor = await pinlab(['doctor'], environment);
    t.is(doctor.code, EXIT.ok, doctor.tail);
    t.regex(doctor.stdout, /^ok +cannot write to the cache: EROFS/m);
    t.regex(doctor.stdout, /^ok +every part has been built here/m);
  }
  await rm(join(cache, 'image'), { recursive: true });
  await using _ = await readOnly(cache);
  const { code, stderr } = await pinlab([...RUN, output], environment);
  t.is(code, EXIT.infra, stderr);
  t.regex(stderr, /cannot write to the cache: EROFS: read-only file system/);
  t.regex(stderr, /set XDG_CACHE_HOME to a directory that can be written to/);
});

test('a damaged kernel is noticed by its hash and built again', async (t) => {
  await using directory = await temporaryDirectory();
  const home = join(directory.path, 'cache');
  const shared = ['kernel-source', 'kernel-work', 'qemu', 'qemu-source', 'guest-packages'];
  const cache = await throwawayCache(home, [...shared, 'guest-tests', 'image']);
  const { kernel } = await built();
  const name = kernel.image.split('/').at(-2) ?? '';
  const copy = join(cache, 'kernel', name);
  await mkdir(join(cache, 'kernel'));
  await cp(join(kernel.image, '..'), copy, { recursive: true });
  const image = join(copy, 'Image');
  await flipByte(image);
  t.not(await hashFile(image), kernel.imageSha256);
  const { code, stderr, tail } = await pinlab([...RUN, join(directory.path, 'results')], {
    XDG_CACHE_HOME: home,
  });
  t.is(code, EXIT.ok, tail);
  t.regex(stderr, /^kernel: .*damaged/m);
  t.is(await hashFile(image), kernel.imageSha256);
});

async function flipByte(file: string) {
  await using handle = await open(file, 'r+');
  const { size } = await handle.stat();
  const place = Math.floor(size / 2);
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, place);
  buffer[0] = (buffer[0] ?? 0) ^ 1;
  await handle.write(buffer, 0, 1, place);
}

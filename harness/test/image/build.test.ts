// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { buildImage } from '../../image/build.ts';
import { elfFile } from './elfFile.ts';

const IMAGES = fileURLToPath(new URL('../../../images', import.meta.url));

/** Packages with a busybox of three commands and a static dropbear. */
async function inputs() {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-test-'));
  const packagesDir = join(directory, 'packages');
  const outDir = join(directory, 'out');
  await mkdir(join(packagesDir, 'usr/bin'), { recursive: true });
  await mkdir(outDir);
  const names = Buffer.from('[\0[[\0busybox\0sh\0\0');
  await writeFile(join(packagesDir, 'usr/bin/busybox'), Buffer.concat([elfFile({}), names]));
  await writeFile(join(packagesDir, 'usr/bin/dropbear'), elfFile({}));
  const modules = ['second.ko', 'first.ko'].map((name) => join(directory, name));
  for (const module of modules) await writeFile(module, `code of ${module}`);
  return {
    value: { packagesDir, imagesDir: IMAGES, modules, outDir },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** The data of each regular file and the target of each link, by path. */
async function contents(initramfs: string): Promise<Map<string, string>> {
  const text = await readFile(initramfs, 'latin1');
  const files = new Map<string, string>();
  for (const { index } of text.matchAll(/070701[0-9a-f]{104}/g)) {
    const field = (n: number) =>
      Number.parseInt(text.slice(index + 6 + 8 * n, index + 14 + 8 * n), 16);
    const nameEnd = index + 110 + field(11);
    const start = Math.ceil(nameEnd / 4) * 4;
    files.set(text.slice(index + 110, nameEnd - 1), text.slice(start, start + field(6)));
  }
  return files;
}

test('the image has init, programs, their commands, modules in order, and keys that match', async (t) => {
  await using input = await inputs();
  const image = await buildImage(input.value);
  const files = await contents(image.initramfs);
  t.is(files.get('init'), await readFile(join(IMAGES, 'init'), 'latin1'));
  t.is(files.get('bin/sh'), 'busybox');
  t.is(files.get('bin/[['), 'busybox');
  t.true(files.get('bin/busybox')?.startsWith('\x7fELF'));
  t.true(files.has('bin/dropbear'));
  t.is(files.get('etc/modules'), 'second.ko\nfirst.ko\n');
  t.regex(files.get('lib/modules/first.ko') ?? '', /^code of .*first\.ko$/);
  const hostKey = Buffer.from(files.get('etc/dropbear/host_key') ?? '', 'latin1');
  const pinned = (await readFile(image.hostPublicKey, 'utf8')).split(' ')[1] ?? '';
  t.deepEqual(hostKey.subarray(-32), Buffer.from(pinned, 'base64').subarray(-32));
  t.regex(files.get('root/.ssh/authorized_keys') ?? '', /^ssh-ed25519 \S+\n$/);
});

test('the client’s key is for its owner’s eyes', async (t) => {
  await using input = await inputs();
  const image = await buildImage(input.value);
  t.is((await stat(image.clientKey)).mode & 0o777, 0o600);
});

test('the server’s arguments are one line without the reasons', async (t) => {
  await using input = await inputs();
  const files = await contents((await buildImage(input.value)).initramfs);
  const line = files.get('etc/dropbear/args') ?? '';
  t.regex(line, /^[^\n#]+\n$/);
  t.regex(line, /-p 10\.0\.2\.15:22 -r \/etc\/dropbear\/host_key -s /);
});

test('a module that is not there is an error', async (t) => {
  await using input = await inputs();
  const modules = [...input.value.modules, '/nonexistent/dma_testdev.ko'];
  await t.throwsAsync(buildImage({ ...input.value, modules }), { code: 'ENOENT' });
});

test('the console is raised before the device has a driver: the SMMU’s events are informational', async (t) => {
  await using input = await inputs();
  const init = (await contents((await buildImage(input.value)).initramfs)).get('init') ?? '';
  const steps = /^main\(\) \{$(.*?)^\}$/ms.exec(init)?.[1] ?? '';
  t.regex(steps, /echo 7 > \/proc\/sys\/kernel\/printk\n\tload_modules\n/);
});

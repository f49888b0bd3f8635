// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { findPrograms } from '../../image/programs.ts';
import { elfFile } from './elfFile.ts';

const LOADER = '/lib/ld-linux-aarch64.so.1';
const MULTIARCH = 'lib/aarch64-linux-gnu';

async function unpacked(files: Record<string, Buffer>) {
  const root = await mkdtemp(join(tmpdir(), 'pinlab-test-'));
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), data);
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

const SERVER = elfFile({ interpreter: LOADER, needed: ['liba.so.1', 'libc.so.6'] });
const LIBRARIES = {
  'liba.so.1': elfFile({ needed: ['libb.so.1', 'libc.so.6'] }),
  'libb.so.1': elfFile({ needed: ['liba.so.1'] }),
  'libc.so.6': elfFile({}),
  'ld-linux-aarch64.so.1': elfFile({}),
};

function librariesIn(directory: string) {
  const entries = Object.entries(LIBRARIES).map(([name, data]) => [join(directory, name), data]);
  return Object.fromEntries(entries) as Record<string, Buffer>;
}

test('a program comes with all that it needs, each once, circles included', async (t) => {
  for (const usr of ['', 'usr/']) {
    await using packages = await unpacked({
      [`${usr}sbin/server`]: SERVER,
      ...librariesIn(`${usr}${MULTIARCH}`),
    });
    const found = await findPrograms(packages.root, ['server']);
    t.deepEqual(found.map(({ path }) => path).sort(), [
      'bin/server',
      'lib/ld-linux-aarch64.so.1',
      'lib/liba.so.1',
      'lib/libb.so.1',
      'lib/libc.so.6',
    ]);
    t.deepEqual(found.find(({ path }) => path === 'bin/server')?.data, SERVER);
  }
});

test('a static program comes alone', async (t) => {
  await using packages = await unpacked({
    'usr/bin/busybox': elfFile({}),
    ...librariesIn(`usr/${MULTIARCH}`),
  });
  const found = await findPrograms(packages.root, ['busybox']);
  t.deepEqual(
    found.map(({ path }) => path),
    ['bin/busybox'],
  );
});

test('a program or library that no package has is an error that names it and who needs it', async (t) => {
  const { 'libb.so.1': _, ...incomplete } = LIBRARIES;
  await using packages = await unpacked({
    'bin/server': SERVER,
    ...Object.fromEntries(
      Object.entries(incomplete).map(([name, data]) => [`${MULTIARCH}/${name}`, data]),
    ),
  });
  await t.throwsAsync(findPrograms(packages.root, ['server']), {
    instanceOf: InfraError,
    message: 'no package of the image contains libb.so.1 (needed by liba.so.1)',
  });
  await t.throwsAsync(findPrograms(packages.root, ['dropbear']), {
    instanceOf: InfraError,
    message: /contains dropbear/,
  });
});

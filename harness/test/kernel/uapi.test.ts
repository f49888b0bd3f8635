// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { listFiles } from '../../host/hash.ts';
import { mempinfdUapi, OUR_UAPI } from '../../kernel/uapi.ts';

const ROOT = join(import.meta.dirname, '../../..');
const V3_HEADER = "#define MEM_CMD_PIN\t_IOW('M', 0, struct mem_pin_address)\n";

async function tree(files: Record<string, string>) {
  const path = await mkdtemp(join(tmpdir(), 'pinlab-uapi-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

for (const base of ['6.12', '7.3']) {
  test(`our series for ${base} says the number that the programs assume`, async (t) => {
    await using empty = await tree({});
    const patches = await listFiles(join(ROOT, 'kernel/patches', base));
    t.deepEqual(await mempinfdUapi(empty.path, patches), OUR_UAPI);
  });
}

test('a tree with the interface of 2021 is recognised by its header, in either kind of table', async (t) => {
  const header = { 'include/uapi/linux/mempinfd.h': V3_HEADER };
  await using older = await tree({
    ...header,
    'include/uapi/asm-generic/unistd.h': '#define __NR_mempinfd 442\n__SYSCALL(__NR_mempinfd, x)\n',
  });
  t.deepEqual(await mempinfdUapi(older.path, []), { number: 442, version: 3 });
  await using newer = await tree({
    ...header,
    'scripts/syscall.tbl': '462\tcommon\tmseal\tsys_mseal\n463\tcommon\tmempinfd\tsys_mempinfd\n',
  });
  t.deepEqual(await mempinfdUapi(newer.path, []), { number: 463, version: 3 });
});

test('a series counts as if it were applied; other architectures’ tables do not', async (t) => {
  await using source = await tree({ 'scripts/syscall.tbl': '462\tcommon\tmseal\tsys_mseal\n' });
  const patch = join(source.path, 'v3.patch');
  const added = (file: string, line: string) =>
    `--- a/${file}\n+++ b/${file}\n@@ -1 +1,2 @@\n+${line}\n`;
  const parts = [
    added('arch/alpha/kernel/syscalls/syscall.tbl', '573\tcommon\tmempinfd\tsys_mempinfd'),
    added('scripts/syscall.tbl', '463\tcommon\tmempinfd\tsys_mempinfd'),
    added('include/uapi/linux/mempinfd.h', V3_HEADER.trim()),
  ];
  await writeFile(patch, parts.join(''));
  t.deepEqual(await mempinfdUapi(source.path, [patch]), { number: 463, version: 3 });
});

test('a tree without the system call gets what the programs assume', async (t) => {
  await using bare = await tree({ 'scripts/syscall.tbl': '462\tcommon\tmseal\tsys_mseal\n' });
  t.deepEqual(await mempinfdUapi(bare.path, []), OUR_UAPI);
});

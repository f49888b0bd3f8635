// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { QemuTree } from './qemuTree.ts';

/** Files of ours that keep the kernel's style and licence, because driver and programs include them. */
const SHARED = ['hw/misc/dma-testdev/dma-testdev-regs.h'];

test('QEMU’s checkpatch finds nothing in a patch or a new file', async (t) => {
  await using qemu = await QemuTree.open('style');
  await qemu.applyFirst(qemu.patches.length);
  for (const patch of qemu.patches) {
    const { code, tail } = await qemu.checkpatch(patch);
    t.deepEqual({ code, tail }, { code: 0, tail: '' }, basename(patch));
  }
  const files = (await qemu.newFiles()).filter((file) => !SHARED.includes(file));
  t.true(files.length > 10);
  for (const file of files) {
    const { code, tail } = await qemu.checkpatch('-f', file);
    t.deepEqual({ code, tail }, { code: 0, tail: '' }, file);
  }
});

test('checkpatch finds a mistake', async (t) => {
  await using qemu = await QemuTree.open('mistake');
  const file = join(qemu.tree, 'hw/arm/mistake.c');
  await writeFile(file, '/* SPDX-License-Identifier: GPL-2.0-or-later */\n\tint a;\n');
  const { code, tail } = await qemu.checkpatch('-f', 'hw/arm/mistake.c');
  t.is(code, 1);
  t.regex(tail, /code indent should never use tabs/);
});

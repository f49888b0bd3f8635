// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { touchedFiles } from '../../host/overlay.ts';
import { workspace } from '../e2e/machine.ts';
import { PATCH_TIMEOUT_MS, provenBuild } from './provenBuild.ts';
import { QemuTree } from './qemuTree.ts';

/** Files of ours that keep the kernel's style and licence, because driver and programs include them. */
const SHARED = ['hw/misc/dma-testdev/dma-testdev-regs.h'];
/** Without these two the source does not build at all. */
const BUILD_FIXES = 2;
/** What includes a header from here is nearly everything. */
const EVERYWHERE = /^include\/exec\//;

test.serial('every patch builds by itself', async (t) => {
  await using qemu = await QemuTree.open('builds');
  for (let count = BUILD_FIXES; count <= qemu.patches.length; count += 1) {
    t.timeout(PATCH_TIMEOUT_MS);
    const inputs = await qemu.inputs(count);
    await t.notThrowsAsync(
      provenBuild(workspace.cache, inputs, () => buildFirst(qemu, count)),
      basename(qemu.patches[count - 1] ?? ''),
    );
  }
});

test.serial('QEMU’s checkpatch finds nothing in a patch or a new file', async (t) => {
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

test.serial('checkpatch finds a mistake', async (t) => {
  await using qemu = await QemuTree.open('mistake');
  const file = join(qemu.tree, 'hw/arm/mistake.c');
  await writeFile(file, '/* SPDX-License-Identifier: GPL-2.0-or-later */\n\tint a;\n');
  const { code, tail } = await qemu.checkpatch('-f', 'hw/arm/mistake.c');
  t.is(code, 1);
  t.regex(tail, /code indent should never use tabs/);
});

async function buildFirst(qemu: QemuTree, count: number): Promise<string> {
  await qemu.applyFirst(count);
  await qemu.configure(count);
  // Such a patch is linked with the next: twice everything is what would take longest.
  const targets = (await reachesEverything(qemu.patches[count - 1] as string))
    ? await qemu.objects()
    : ['qemu-system-aarch64'];
  if (targets.length === 0) throw new Error('ninja knows no object of the series');
  const { code, tail } = await qemu.ninja(...targets);
  if (code !== 0) throw new Error(`ninja exited with ${code}:\n${tail}`);
  return tail;
}

async function reachesEverything(patch: string): Promise<boolean> {
  return touchedFiles(await readFile(patch, 'utf8')).some((file) => EVERYWHERE.test(file));
}

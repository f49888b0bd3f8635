// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import test from 'ava';
import { touchedFiles } from '../../host/overlay.ts';
import { workspace } from '../e2e/machine.ts';
import { PATCH_TIMEOUT_MS, provenBuild } from '../e2e/provenBuild.ts';
import { QemuTree } from '../e2e/qemuTree.ts';

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

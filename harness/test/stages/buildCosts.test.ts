// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { pendingCosts, totalCost } from '../../stages/buildCosts.ts';

async function cache(manifests: readonly string[]) {
  const path = await mkdtemp(join(tmpdir(), 'pinlab-costs-'));
  for (const directory of manifests) {
    await mkdir(join(path, directory), { recursive: true });
    await writeFile(join(path, directory, 'pinlab.json'), '{}');
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('with an empty cache everything is still to be made, in half the time on twice the CPUs', async (t) => {
  await using empty = await cache([]);
  const [two, four] = await Promise.all([2, 4].map((cpus) => pendingCosts(empty.path, cpus)));
  if (!two || !four) return t.fail();
  t.true(two.some(({ what }) => what.startsWith('QEMU')));
  t.true(totalCost(two).mib > 3000);
  t.is(totalCost(two).minutes, 2 * totalCost(four).minutes);
});

test('what is finished costs nothing more; what is half made does', async (t) => {
  await using some = await cache(['qemu/0123', 'kernel/4567.partial']);
  const names = (await pendingCosts(some.path)).map(({ what }) => what);
  t.false(names.includes('QEMU with the SMMUv3 series'));
  t.true(names.includes('Linux with the mempinfd series'));
});

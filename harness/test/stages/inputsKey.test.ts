// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { inputsKey } from '../../stages/inputsKey.ts';

/** A checkout with a file in each place of interest. */
async function checkout() {
  const root = await mkdtemp(join(tmpdir(), 'checkout-'));
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  };
  return {
    write,
    key: () => inputsKey(root, join(root, 'debian_version')),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

for (const file of [
  ...['kernel/configs/base.config', 'qemu/configure.args', 'images/packages.txt'],
  ...['harness/kernel/build.ts', 'harness/host/buildEnvironment.ts'],
  ...['harness/stages/buildKernel.ts', 'harness/stages/buildQemu.ts'],
  ...['harness/stages/makeImage.ts', 'debian_version'],
]) {
  test(`what is built long names ${file}`, async (t) => {
    await using tree = await checkout();
    await tree.write(file, 'one');
    const one = await tree.key();
    t.is(await tree.key(), one);
    await tree.write(file, 'two');
    t.not(await tree.key(), one);
  });
}

test('what is built in seconds, or not at all, changes no name', async (t) => {
  await using tree = await checkout();
  const before = await tree.key();
  for (const file of ['guest-tests/pin.c', 'docs/testing.md', 'harness/stages/runTests.ts']) {
    await tree.write(file, 'anything');
    t.is(await tree.key(), before, file);
  }
});

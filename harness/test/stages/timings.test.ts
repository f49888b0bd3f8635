// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readTiming, writeTiming } from '../../stages/timings.ts';

const HOUR = { durationMs: 3_600_000, steps: 1000 };
const MINUTE = { durationMs: 60_000, steps: 10 };

async function cacheRoot() {
  const root = await mkdtemp(join(tmpdir(), 'pinlab-test-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('a kernel takes as long as the same kernel last time', async (t) => {
  await using cache = await cacheRoot();
  await writeTiming(cache.root, 'kernel', '6.12, base', HOUR);
  await writeTiming(cache.root, 'kernel', '6.12, debug', MINUTE);
  t.deepEqual(await readTiming(cache.root, 'kernel', '6.12, base'), HOUR);
  t.deepEqual(await readTiming(cache.root, 'kernel', '6.12, debug'), MINUTE);
});

test('nothing is said of what was never built', async (t) => {
  await using cache = await cacheRoot();
  await writeTiming(cache.root, 'kernel', '6.12, base', HOUR);
  t.is(await readTiming(cache.root, 'kernel', '7.3, base'), undefined);
  t.is(await readTiming(cache.root, 'qemu', '6.12, base'), undefined);
});

for (const damaged of ['', '{', '[]', '{"durationMs":1,"steps":1}', '{"6.12, base":"soon"}']) {
  test(`a record that is ${damaged || 'empty'} is none, and the next one replaces it`, async (t) => {
    await using cache = await cacheRoot();
    await mkdir(join(cache.root, 'timings'));
    await writeFile(join(cache.root, 'timings/kernel.json'), damaged);
    t.is(await readTiming(cache.root, 'kernel', '6.12, base'), undefined);
    await writeTiming(cache.root, 'kernel', '6.12, base', MINUTE);
    t.deepEqual(await readTiming(cache.root, 'kernel', '6.12, base'), MINUTE);
  });
}

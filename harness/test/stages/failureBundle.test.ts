// SPDX-License-Identifier: MIT
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryDirectory } from '../../host/temporary.ts';
import type { Attempt, Splat } from '../../schema/results.ts';
import { concludeTest } from '../../schema/verdict.ts';
import { type BundleRequest, writeBundles } from '../../stages/failureBundle.ts';
import { sampleResults, sampleSplat } from '../schema/sample.ts';

const attempt = (guest: number, fields: Partial<Attempt>): Attempt => ({
  ...{ status: 'fail', durationMs: 1, diagnostics: [], guest },
  ...fields,
});

test('a bundle has the console of the guest whose attempt decided', async (t) => {
  await using output = await temporaryDirectory('bundle');
  const decided = concludeTest('pin:one', [
    attempt(10, { repetition: 1, status: 'pass' }),
    attempt(2, { repetition: 2 }),
    attempt(10, { repetition: 2 }),
    attempt(1, { repetition: 3, status: 'pass' }),
  ]);
  for (const name of ['console.log', 'console-2.log', 'console-10.log'])
    await writeFile(join(output.path, name), `${name}\n[1.0] pinlab 0123 begin pin:one\n`);
  const [bundle = ''] = await writeBundles(request(output.path, [decided]));
  const said = await readFile(join(bundle, 'console.log'), 'utf8');
  t.is(said.split('\n')[0], 'console-10.log');
});

test('a bundle has what the kernel said while the test hung', async (t) => {
  await using output = await temporaryDirectory('bundle');
  const hung = attempt(1, {
    status: 'lost',
    diagnostics: ['# here: hang-3.txt', 'tasks while it hung: hang-2.txt', 'task:one state:D'],
  });
  for (const name of ['hang.txt', 'hang-2.txt']) await writeFile(join(output.path, name), name);
  const [bundle = ''] = await writeBundles(request(output.path, [concludeTest('pin:one', [hung])]));
  const hangs = (await readdir(bundle)).filter((name) => name.startsWith('hang'));
  t.deepEqual(hangs, ['hang-2.txt']);
});

test('a test that a retry healed has a bundle of the attempt with the splat, if that made the run red', async (t) => {
  await using output = await temporaryDirectory('bundle');
  const id = 'pin:one';
  const splat = sampleSplat({ test: id });
  const reason = `splat: ${splat.title}`;
  const attempts = [attempt(1, { reason }), attempt(2, { status: 'pass' })];
  const source = { file: 'guest-tests/pin.c', line: 1 };
  const healed = (splats: Splat[]) => ({ ...concludeTest(id, attempts, splats), source });
  for (const name of ['console.log', 'console-2.log'])
    await writeFile(join(output.path, name), `${name}\n[1.0] pinlab 0123 begin ${id}\n`);
  const bundles = (splats: Splat[]) => writeBundles(request(output.path, [healed(splats)], splats));
  t.deepEqual(await bundles([]), []);
  t.deepEqual(await bundles([{ ...splat, allowed: 'known' }]), []);
  t.deepEqual(await bundles([{ ...splat, test: null }]), []);
  const [bundle = ''] = await bundles([splat]);
  const text = (name: string) => readFile(join(bundle, name), 'utf8');
  t.is((await text('console.log')).split('\n')[0], 'console.log');
  t.regex(await text('ktap.txt'), /^not ok 1 one # fail: splat: WARNING in mempinfd_pin$/m);
  t.true((await text('splats.txt')).startsWith(splat.title));
  const { tests } = JSON.parse(await text('results.json'));
  t.like(tests, { length: 1, 0: { id, status: 'fail', reason, source } });
});

test('a test that passed before its splat was seen has a bundle too', async (t) => {
  await using output = await temporaryDirectory('bundle');
  const passed = concludeTest('pin:one', [attempt(1, { status: 'pass' })]);
  const late = sampleSplat({ test: 'pin:one' });
  const [bundle = ''] = await writeBundles(request(output.path, [passed], [late]));
  t.regex(await readFile(join(bundle, 'ktap.txt'), 'utf8'), /^not ok 1 one # fail: splat: /m);
});

/** As far as a bundle looks: its artifacts are all one file. */
function request(
  output: string,
  tests: Parameters<typeof sampleResults>[0],
  splats: Splat[] = [],
): BundleRequest {
  const file = import.meta.filename;
  const sha256 = '0'.repeat(64);
  const built = {
    qemu: { binary: file, sha256 },
    kernel: {
      image: file,
      imageSha256: sha256,
      vmlinux: file,
      driver: file,
      selftest: file,
      config: file,
    },
    image: { initramfs: file, sha256 },
    guestTests: { directory: output, sha256 },
  } as unknown as BundleRequest['built'];
  const machine = { devices: [], append: [], extra: [] } as unknown as BundleRequest['machine'];
  const results = sampleResults(tests, splats);
  return { output, results, built, machine, testTimeoutMs: 1, bootTimeoutMs: 1 };
}

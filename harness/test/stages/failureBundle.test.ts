// SPDX-License-Identifier: MIT
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryDirectory } from '../../host/temporary.ts';
import type { Attempt } from '../../schema/results.ts';
import { concludeTest } from '../../schema/verdict.ts';
import { type BundleRequest, writeBundles } from '../../stages/failureBundle.ts';
import { sampleResults } from '../schema/sample.ts';

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

/** As far as a bundle looks: its artifacts are all one file. */
function request(output: string, tests: Parameters<typeof sampleResults>[0]): BundleRequest {
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
  const results = sampleResults(tests);
  return { output, results, built, machine, testTimeoutMs: 1, bootTimeoutMs: 1 };
}

// SPDX-License-Identifier: MIT
import { appendFile, glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { hashFile, hashTree } from '../../host/hash.ts';
import { bases } from '../../kernel/bases.ts';
import { bundle } from '../../schema/bundle.ts';
import { pinlab, ROOT, readResults, temporaryDirectory } from '../e2e/pinlab.ts';
import { runWithoutPins } from '../e2e/withoutPins.ts';
import { externalTree } from './externalTree.ts';

const PLANTED = join(import.meta.dirname, '../planted');
const INTERFACE_OF_2021 = join(ROOT, 'kernel/v3/6.12.mbox');

/** The races, on the kernel that watches for data races; the rest of its time KCSAN looks elsewhere. */
const RACES = ['races', 'pin_waits', 'sharing', 'lifetime', 'limits'];

/** All but most of the fuzzer's seeds, which take ten times as long on a kernel that checks itself. */
const BUT_FUZZ = ['--grep', '^(?!fuzz:)|^fuzz:sequence\\.seed_[12]\\.'];

/** The suites beyond what every change must pass: other kernels, each with everything it offers. */
const KERNELS: Record<string, readonly string[]> = {
  'the newest base': ['--kernel', '7.3'],
  // The rest of its suite of the syscall is what every change must pass: see e2e/debug.test.ts.
  'the kernel that checks itself': [
    ...['machine', 'fuzz', 'lifetime', '--flavour', 'debug', '--jobs', '2'],
    ...BUT_FUZZ,
  ],
  'the newest base, which checks itself': [
    ...['--kernel', '7.3', '--flavour', 'debug', '--jobs', '2'],
    ...BUT_FUZZ,
  ],
  'the kernel that finds data races': ['--flavour', 'kcsan', ...RACES],
};

for (const [name, options] of Object.entries(KERNELS)) {
  test.serial(`no test fails or is lost on ${name}, and the kernel reports nothing`, async (t) => {
    await using directory = await temporaryDirectory();
    const { code, tail } = await pinlab(['run', ...options, '--output', directory.path]);
    t.is(code, EXIT.ok, tail);
    const { summary, splats } = await readResults(directory.path);
    t.deepEqual(
      splats.filter(({ allowed }) => !allowed),
      [],
    );
    t.like(summary, { failed: 0, lost: 0 });
    t.true(summary.passed > 0);
  });
}

/** Kernels that lack the system call. */
const WITHOUT: Record<string, readonly string[]> = {
  'on the unpatched kernel': ['--no-series'],
  ...Object.fromEntries(
    bases.map(({ name }) => [
      `on ${name} with the call configured away`,
      ['--kernel', name, '--config', join(import.meta.dirname, 'call-off.config')],
    ]),
  ),
};

for (const [where, kernel] of Object.entries(WITHOUT)) {
  test.serial(`${where} no pin test passes, and the device still stalls`, async (t) => {
    await using directory = await temporaryDirectory();
    await runWithoutPins(t, directory.path, kernel);
  });
}

for (const { name } of bases) {
  test.serial(
    `on ${name} a process that dies leaves no fault behind, however late it is handled`,
    async (t) => {
      await using directory = await temporaryDirectory();
      const late = ['--patch', join(PLANTED, 'late-faults.patch')];
      const kernel = ['--kernel', name, '--flavour', 'debug', ...late];
      const run = ['run', '--grep', '^killed:in_a_loop', ...kernel, '--output', directory.path];
      const { code, tail } = await pinlab(run);
      t.is(code, EXIT.ok, tail);
      t.is((await readResults(directory.path)).summary.passed, 2);
    },
  );
}

test.serial('a file whose ids have run out pins no more', async (t) => {
  await using directory = await temporaryDirectory();
  const patch = ['--patch', join(PLANTED, 'few-ids.patch')];
  const run = ['run', 'exhausted', ...patch, '--output', directory.path];
  const { code, tail } = await pinlab(run);
  t.is(code, EXIT.ok, tail);
  const { tests } = await readResults(directory.path);
  t.is(tests.find(({ id }) => id === 'exhausted:global.no_free_id_is_enospc')?.status, 'pass');
});

test.serial(
  'a tree of somebody’s, with the interface of 2021, is judged by what it offers and not written to',
  async (t) => {
    await using directory = await temporaryDirectory();
    await using tree = await externalTree('6.12', INTERFACE_OF_2021);
    const before = await hashTree(tree.path);
    const run = ['run', '--kernel', tree.path, '--output', directory.path];
    const { code, tail } = await pinlab(run);
    t.is(code, EXIT.failed, tail);
    t.is(await hashTree(tree.path), before);
    const { tests, splats, inputs } = await readResults(directory.path);
    t.like(inputs.kernel, { source: tree.path, series: [] });
    const statusOf = (id: string) => tests.find((one) => one.id === id)?.status;
    t.is(statusOf('pin:pin.anon.pinned_buffer_never_stalls'), 'pass', tail);
    t.is(statusOf('pin:pin.anon.unpinned_buffer_stalls_on_every_page'), 'pass', tail);
    // Its pins do not stop the reclaim of shared memory: our changes to the kernel do.
    t.is(statusOf('keep:keep.shmem.pageout'), 'fail', tail);
    const without = tests.filter(({ reason }) => reason?.startsWith('mempinfd v3 has no '));
    t.true(without.length > 50);
    for (const { id, status } of without) t.is(status, 'skip', id);
    t.deepEqual(
      tests.filter(({ status }) => status === 'lost').map(({ id }) => id),
      [],
    );
    t.deepEqual(
      splats.filter(({ allowed }) => !allowed),
      [],
    );
    // Whoever goes on working takes nothing from a run that is not over, or from the replay of one.
    await appendFile(join(tree.path, 'init/version.c'), 'static const char __used on[] = "on";\n');
    const ours = await kernelsOfBundles(directory.path);
    t.is((await pinlab(['build', 'kernel', '--kernel', tree.path])).code, EXIT.ok);
    t.true(ours.length > 0);
    for (const { path, sha256 } of ours) t.is(await hashFile(path), sha256, path);
  },
);

/** What the bundles below `output` say of the kernels that they are about. */
async function kernelsOfBundles(output: string) {
  const files = await Array.fromAsync(glob(join(output, 'failures/*/bundle.json')));
  const bundles = files.map(async (file) => bundle.parse(JSON.parse(await readFile(file, 'utf8'))));
  const artifacts = (await Promise.all(bundles)).map((one) => one.artifacts);
  return artifacts.flatMap(({ kernel, vmlinux, driver }) => [kernel, vmlinux, driver]);
}

test.serial('somebody’s series is put on the clean base', async (t) => {
  await using directory = await temporaryDirectory();
  const series = ['--series', INTERFACE_OF_2021, '--grep', '^pin:pin\\.anon\\.'];
  const { tail } = await pinlab(['run', ...series, '--output', directory.path]);
  const { tests, inputs } = await readResults(directory.path);
  t.like(inputs.kernel, { source: 'linux-source-6.12' });
  t.deepEqual(
    inputs.kernel.series.map(({ name }) => name),
    ['0001-mm-add-mempinfd-with-the-interface-of-2021.patch'],
  );
  const pinned = tests.find(({ id }) => id === 'pin:pin.anon.pinned_buffer_never_stalls');
  t.is(pinned?.status, 'pass', tail);
});

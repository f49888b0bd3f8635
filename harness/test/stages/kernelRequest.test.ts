// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { Cache } from '../../host/cache.ts';
import { run } from '../../host/spawn.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import { bases } from '../../kernel/bases.ts';
import type { KernelArtifact } from '../../stages/buildKernel.ts';
import { checkChoice, type KernelChoice, resolveKernel } from '../../stages/kernelRequest.ts';
import { describeKernel } from '../../stages/results.ts';
import { openWorkspace } from '../../stages/workspace.ts';
import { CONTROLS } from '../report/hostile.ts';

const CHOICE: KernelChoice = { kernel: '6.12', series: 'ours', flavour: 'base', fragments: [] };
const BINARY = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x1b, 0x5b, 0x32, 0x4a, 0, 0xff]);

async function refusal(choice: Partial<KernelChoice>) {
  return checkChoice({ ...CHOICE, ...choice }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('what is meant is taken: fragments with comments, patches, mailboxes', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const [fragment, patch, mailbox] = ['a.config', 'a.patch', 'a.mbox'].map((name) =>
    join(scratch.path, name),
  ) as [string, string, string];
  await writeFile(fragment, '# why\n\nCONFIG_KASAN=y\n# CONFIG_SMP is not set\n  CONFIG_A="b c"\n');
  await writeFile(patch, '--- a/Makefile\n+++ b/Makefile\n@@ -1 +1 @@\n-a\n+b\n');
  await writeFile(mailbox, 'From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n');
  await t.notThrowsAsync(checkChoice(CHOICE));
  await t.notThrowsAsync(
    checkChoice({ ...CHOICE, series: [mailbox, patch], patches: [patch], fragments: [fragment] }),
  );
});

for (const [what, content] of [
  ['a binary file', BINARY],
  ['prose', 'please turn KASAN on\n'],
] as const) {
  test(`${what} is no fragment and no patch, and that is said before anything is built`, async (t) => {
    await using scratch = await temporaryDirectory('test');
    const file = join(scratch.path, 'file');
    await writeFile(file, content);
    for (const choice of [{ fragments: [file] }, { patches: [file] }, { series: [file] }]) {
      const error = await refusal(choice);
      if (!(error instanceof UsageError)) return t.fail(`${error}`);
      t.regex(error.message, /file (is no Kconfig fragment|holds no patch)/);
      t.notRegex(error.message, CONTROLS);
      t.truthy(error.hint);
    }
  });
}

test('an absent file, a directory and an empty patch are refused by name', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const [absent, empty] = [join(scratch.path, 'absent'), join(scratch.path, 'empty')];
  await writeFile(empty, '');
  for (const file of [absent, scratch.path, empty]) {
    const error = await refusal({ patches: [file] });
    if (!(error instanceof UsageError)) return t.fail(`${error}`);
    t.true(error.message.includes(file));
    t.truthy(error.hint);
  }
});

test('an unknown flavour, base or tree is refused with what there is', async (t) => {
  for (const choice of [{ flavour: 'fast' }, { kernel: '5.4' }, { kernel: '/proc' }]) {
    const error = await refusal(choice);
    if (!(error instanceof UsageError)) return t.fail(`${error}`);
    t.truthy(error.hint);
  }
});

test('a tree of the user’s is known by its commit and by what differs from it, and is not written to', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const tree = join(scratch.path, 'linux');
  await mkdir(tree);
  await writeFile(join(tree, 'Makefile'), 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n');
  await writeFile(join(tree, 'Kconfig'), '');
  const somebody = ['-c', 'user.name=A', '-c', 'user.email=a@localhost'];
  const git = (...args: string[]) =>
    run('git', ['-C', tree, ...somebody, ...args], { what: `git ${args[0]}` });
  const { signal } = new AbortController();
  const options = { cacheRoot: scratch.path, emit: () => undefined, signal };
  const workspace = openWorkspace({ root: scratch.path, ...options });
  const commit = async () => {
    const { source } = await resolveKernel(workspace, { ...CHOICE, kernel: tree });
    return describeKernel({ source } as KernelArtifact).commit;
  };
  // Also below the checkout of something else.
  await run('git', ['init', '--quiet', scratch.path], { what: 'git init' });
  t.is(await commit(), undefined);
  await git('init', '--quiet');
  t.is(await commit(), undefined);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'one');
  const head = (await git('rev-parse', 'HEAD')).stdout;
  const index = await readFile(join(tree, '.git/index'));
  t.is(await commit(), head);
  await writeFile(join(tree, 'Kconfig'), 'config A\n');
  const edited = await commit();
  t.regex(edited ?? '', new RegExp(`^${head}\\+[0-9a-f]{64}$`));
  t.is(await commit(), edited);
  await writeFile(join(tree, 'Kconfig'), 'config B\n');
  t.not(await commit(), edited);
  await writeFile(join(tree, 'Kconfig'), '');
  t.is(await commit(), head);
  t.deepEqual(await readFile(join(tree, '.git/index')), index);
});

test('a tree of the user’s takes no patches, and none of them is ignored', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const [kernel, patch] = [join(scratch.path, 'linux'), join(scratch.path, 'a.patch')];
  await mkdir(kernel);
  await writeFile(join(kernel, 'Makefile'), 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n');
  await writeFile(join(kernel, 'Kconfig'), '');
  await writeFile(patch, '--- a/Makefile\n+++ b/Makefile\n@@ -1 +1 @@\n-a\n+b\n');
  const changing: [Partial<KernelChoice>, string][] = [
    [{ patches: [patch] }, '--patch'],
    [{ series: [patch] }, '--series'],
    [{ series: 'ours-without-mm' }, '--without-mm-patches'],
  ];
  for (const [choice, option] of changing) {
    const error = await refusal({ kernel, ...choice });
    if (!(error instanceof UsageError)) return t.fail(`${option}: ${error}`);
    t.is(error.message, `${kernel} is never written to, so ${option} cannot change it`);
    t.truthy(error.hint);
  }
  for (const series of ['ours', 'none'] as const)
    t.is(await refusal({ kernel, series }), undefined);
});

test('the directory that pinlab is called in may be the tree', async (t) => {
  for (const kernel of ['.', '..']) {
    const error = await refusal({ kernel });
    t.regex(`${error}`, /is not a kernel source tree/, kernel);
  }
});

test('patches of a mailbox are known by their lines in it, plain ones by their own file', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const [mailbox, patch] = [join(scratch.path, 'v5.mbox'), join(scratch.path, 'fix.patch')];
  const diff = '--- a/Makefile\n+++ b/Makefile\n@@ -1 +1 @@\n-a\n+b\n';
  await writeFile(patch, diff);
  await writeFile(mailbox, `From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\nWhy.\n---\n${diff}`);
  const workspace = await workspaceWithSource(join(scratch.path, 'cache'));
  const choice = { ...CHOICE, series: [mailbox], patches: [patch] };
  const { series } = await resolveKernel(workspace, choice);
  const [first = '', second] = series.patches;
  t.is(second, patch);
  t.deepEqual([...(series.origins ?? [])], [[first, { mailbox, line: 5, verbatim: true }]]);
});

/** A workspace whose cache has a source for the first base, with nothing in it. */
async function workspaceWithSource(cacheRoot: string) {
  const [base] = bases;
  const { name = '', sourcePackage = '' } = base ?? {};
  const inputs = { package: sourcePackage, version: '1' };
  await new Cache(cacheRoot).get('kernel-source', inputs, async () => undefined);
  await writeFile(join(cacheRoot, 'kernel-source', `${name}.version`), '1');
  const { signal } = new AbortController();
  return openWorkspace({ root: '/nowhere', cacheRoot, signal, emit: () => undefined });
}

// SPDX-License-Identifier: MIT
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { type Finished, tryRun } from '../../host/spawn.ts';
import { bases } from '../../kernel/bases.ts';
import { workspace } from '../e2e/machine.ts';
import { requirePackages } from '../e2e/packages.ts';
import { git } from '../e2e/pristine.ts';
import { PATCH_TIMEOUT_MS, provenBuild } from '../e2e/provenBuild.ts';
import { type Architecture, arm64, SeriesTree, x86 } from './seriesTree.ts';

/** Findings that stay, each with its reason. */
const ACCEPTED = [
  {
    pattern: /ENOSYS: ENOSYS means 'invalid syscall nr' and nothing else/,
    reason: 'that is what the selftest compares with it',
  },
  {
    pattern: /mempinfd.*ALLOC_WITH_SIZEOF: Prefer kmalloc_obj over kmalloc with sizeof/,
    reason: 'one source serves both bases, and 6.12 has no kmalloc_obj()',
  },
  {
    pattern: /UNKNOWN_COMMIT_ID: Unknown commit id '(cfea71aea921|8cc93159f919)'/,
    reason: 'the tree is made of a source package, and has no history',
  },
] as const;

/** What sparse is there to find: an address of user space taken for one of the kernel. */
const MISTAKE = `
int mempinfd_mistake(int __user *address);
int mempinfd_mistake(int __user *address)
{
	int *plain = address;

	return *plain;
}
`;

/** Files that the series changes, with comments for kernel-doc that are not all without findings. */
const COMMENTED = ['include/linux/mm.h', 'mm/gup.c'] as const;

/** What kernel-doc is there to find: a parameter without a description. */
const UNCOMMENTED = `
/**
 * mempinfd_uncommented() - a mistake
 *
 * Return: nothing that is of use.
 */
int mempinfd_uncommented(int parameter);
`;

if (process.arch !== 'x64') await requirePackages('gcc-x86-64-linux-gnu');
await requirePackages('sparse');

for (const { name: base } of bases) {
  test.serial(`${base}: every patch builds by itself, on arm64 and on x86-64`, async (t) => {
    await using series = await SeriesTree.open(base, 'builds');
    const both = [await arm64(), await x86()] as const;
    t.true(series.mails.length > 10);
    for (let count = 1; count <= series.mails.length; count += 1) {
      t.timeout(PATCH_TIMEOUT_MS);
      const inputs = await series.inputs(count, both);
      await t.notThrowsAsync(
        provenBuild(workspace.cache, inputs, () => buildBoth(series, count, both)),
        basename(series.mails[count - 1] ?? ''),
      );
    }
  });

  test.serial(`${base}: checkpatch and kernel-doc find nothing else than is listed`, async (t) => {
    await using series = await SeriesTree.open(base, 'style');
    await series.applyFirst(series.mails.length);
    for (const mail of [series.letter, ...series.mails]) {
      t.deepEqual(unexpected(await checkpatch(series.tree, mail)), [], basename(mail));
    }
    for (const file of ['mm/mempinfd.c', 'include/uapi/linux/mempinfd.h']) {
      const finished = await kernelDoc(series.tree, file);
      t.is(finished.code, 0, finished.tail);
      t.is(finished.tail, '');
    }
  });

  test.serial(`${base}: kernel-doc finds nothing new in what is not only ours`, async (t) => {
    await using series = await SeriesTree.open(base, 'comments');
    const found = async () =>
      Promise.all(COMMENTED.map(async (file) => unnumbered(await kernelDoc(series.tree, file))));
    const before = await found();
    await series.applyFirst(series.mails.length);
    const after = await found();
    for (const [i, file] of COMMENTED.entries()) {
      t.deepEqual(
        after[i]?.filter((line) => !before[i]?.includes(line)),
        [],
        file,
      );
    }
    await appendFile(join(series.tree, 'include/linux/mm.h'), UNCOMMENTED);
    const [planted] = await found();
    t.true(planted?.some((line) => /mempinfd_uncommented/.test(line)));
  });

  test.serial(`${base}: the series builds where nothing is configured but its call`, async (t) => {
    t.timeout(PATCH_TIMEOUT_MS);
    await using series = await SeriesTree.open(base, 'least');
    const least = { ...(await x86()), fragments: 'CONFIG_MEMPINFD=y\n' };
    const inputs = { ...(await series.inputs(series.mails.length, [least])), targets: 'mm/' };
    await t.notThrowsAsync(
      provenBuild(workspace.cache, inputs, async () => {
        await series.applyFirst(series.mails.length);
        await series.configure(least);
        const output = requireBuilt(await series.make(least, 'mm/', 'kernel/sys_ni.o'), least);
        const missing = await series.missing(least, ['mm/mempinfd.o', 'mm/gup.o', 'mm/vmscan.o']);
        if (missing.length > 0) throw new Error(`not configured: ${missing.join(', ')}`);
        return output;
      }),
    );
  });

  test.serial(`${base}: git ignores the program of the selftest, and not its source`, async (t) => {
    await using series = await SeriesTree.open(base, 'ignored');
    await series.applyFirst(series.mails.length);
    // A repository of its own: Debian's file for the whole tree ignores everything.
    const selftests = join(series.tree, 'tools/testing/selftests/mm');
    await git(selftests, 'init', '--quiet');
    const names = ['mempinfd', 'mempinfd.c'];
    t.is(await git(selftests, 'check-ignore', '--no-index', ...names), 'mempinfd');
  });

  test.serial(`${base}: neither sparse nor W=1 finds anything new`, async (t) => {
    await using series = await SeriesTree.open(base, 'warnings');
    const architecture = await arm64();
    const objects = await series.objects(architecture);
    await series.configure(architecture);
    const before = warnings(await checked(series, architecture, objects.filter(isOld)));
    await series.applyFirst(series.mails.length);
    await series.configure(architecture);
    const after = warnings(await checked(series, architecture, objects));
    t.deepEqual(
      after.filter((line) => !before.includes(line)),
      [],
    );
    await appendFile(join(series.tree, 'mm/mempinfd.c'), MISTAKE);
    const planted = warnings(await checked(series, architecture, ['mm/mempinfd.o']));
    t.true(planted.some((line) => /different address spaces/.test(line)));
  });

  test.serial(
    `${base}: every architecture has the call, where it has the one before`,
    async (t) => {
      await using series = await SeriesTree.open(base, 'tables');
      const tables = await series.tables();
      t.true(tables.length >= 17);
      await series.applyFirst(series.mails.length);
      for (const table of tables) {
        const text = await readFile(join(series.tree, table), 'utf8');
        t.regex(text, /^(?:473|583)\s+\w+\s+mempinfd\s+sys_mempinfd\b/m, table);
      }
    },
  );
}

test.serial('checkpatch finds a mistake', async (t) => {
  await using series = await SeriesTree.open('6.12', 'mistake');
  const patch = join(series.tree, 'mistake.patch');
  await writeFile(patch, '--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -1,1 +1,2 @@\n+int a;  \n x\n');
  t.true((await checkpatch(series.tree, patch)).some((line) => /TRAILING_WHITESPACE/.test(line)));
});

/** Builds what the first `count` mails make: a whole kernel for arm64, their own objects for x86-64. */
async function buildBoth(
  series: SeriesTree,
  count: number,
  [first, second]: readonly [Architecture, Architecture],
): Promise<string> {
  await series.applyFirst(count);
  await series.configure(first);
  const whole = requireBuilt(await series.make(first, 'vmlinux'), first);
  const missing = await series.missing(first, await objectsSoFar(series, count, first));
  if (missing.length > 0) throw new Error(`not configured on ${first.arch}: ${missing.join(', ')}`);
  await series.configure(second);
  const objects = await objectsSoFar(series, count, second);
  const own = requireBuilt(await series.make(second, ...objects, 'arch/x86/entry/'), second);
  return whole + own;
}

/** The objects of the series that are there after `count` mails. */
async function objectsSoFar(series: SeriesTree, count: number, architecture: Architecture) {
  const objects = await series.objects(architecture);
  return count === series.mails.length ? objects : objects.filter(isOld);
}

function requireBuilt({ code, tail }: Finished, { arch }: Architecture): string {
  if (code !== 0) throw new Error(`make exited with ${code} on ${arch}:\n${tail}`);
  return tail;
}

/** The one file of the series that is new. */
function isOld(object: string): boolean {
  return object !== 'mm/mempinfd.o';
}

function kernelDoc(tree: string, file: string): Promise<Finished> {
  const args = ['scripts/kernel-doc', '-none', '-Wall', file];
  return tryRun('perl', args, { what: 'kernel-doc', cwd: tree });
}

async function checkpatch(tree: string, mail: string): Promise<string[]> {
  const args = ['scripts/checkpatch.pl', '--strict', '--terse', '--show-types', '--no-summary'];
  const finished = await tryRun('perl', [...args, mail], { what: 'checkpatch', cwd: tree });
  return finished.stdout.split('\n').filter((line) => line !== '');
}

function unexpected(findings: readonly string[]): string[] {
  return findings.filter((line) => !ACCEPTED.some(({ pattern }) => pattern.test(line)));
}

/**
 * Sparse 0.6.4, the newest that Debian has, does not know an operator of Linux 7.3, which therefore
 * does without sparse unless it is told that the operator is the one that keeps qualifiers.
 */
const CHECK = 'CHECK=sparse -D__typeof_unqual__=__typeof__';

/** C=2: sparse looks at every object, also at those that are up to date. */
async function checked(
  series: SeriesTree,
  architecture: Architecture,
  objects: readonly string[],
): Promise<Finished> {
  const finished = await series.make(architecture, CHECK, 'C=2', 'W=1', ...objects);
  requireBuilt(finished, architecture);
  return finished;
}

/** What was found, one a line, in the words of either base, without the line numbers. */
function unnumbered({ stdout, stderr }: Finished): string[] {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replaceAll(/:\d+\b/g, ''));
}

/** Without the line numbers, which every patch moves. */
function warnings({ stderr }: Finished): string[] {
  return stderr
    .split('\n')
    .filter((line) => /\b(?:warning|error):/.test(line))
    .map((line) => line.replaceAll(/:\d+(?=:)/g, ''));
}

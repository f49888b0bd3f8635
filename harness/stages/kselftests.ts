// SPDX-License-Identifier: MIT
import { copyFile, cp, mkdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BuildError, UsageError } from '../errors.ts';
import { BUILD_ENVIRONMENT } from '../host/buildEnvironment.ts';
import { hashTree } from '../host/hash.ts';
import { applySeries, createdFiles, type Series, seriesParts } from '../host/overlay.ts';
import { exists } from '../host/paths.ts';
import { commandLine, run, tryRun } from '../host/spawn.ts';
import type { KernelSource } from '../kernel/source.ts';
import type { ExtendGuestTests } from './buildAll.ts';
import type { GuestTestsArtifact } from './buildGuestTests.ts';
import { stage } from './stage.ts';
import type { PlannedTest } from './testPlan.ts';
import type { Workspace } from './workspace.ts';

/** One program of the kernel's own selftests. */
export interface Kselftest {
  /** Its directory below tools/testing/selftests. */
  collection: string;
  program: string;
}

/** The collections that guest-tests/kselftest/kselftest knows how to prepare. */
const COLLECTIONS = ['mm', 'iommu'];

/** How long one may take, where pinlab's own tests have a minute: mm:migration moves pages for 20 seconds, again and again. */
export const KSELFTEST_SECONDS = 600;

/** Reads `mm:cow,mm:migration`. */
export function parseKselftests(text: string): Kselftest[] {
  const names = text.split(',');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new UsageError(`--kselftest names ${twice} twice`, {
      hint: 'to run tests several times: --repeat-each N',
    });
  }
  return names.map((name) => {
    const [, collection = '', program = ''] = /^([a-z]+):([\w-]+)$/.exec(name) ?? [];
    if (COLLECTIONS.includes(collection)) return { collection, program };
    throw new UsageError(`--kselftest takes names like mm:cow, separated by commas, not ${name}`, {
      hint: `the collections are ${COLLECTIONS.join(' and ')}`,
    });
  });
}

/** The tests that `kselftests` are. */
export function kselftestTests(kselftests: readonly Kselftest[]): PlannedTest[] {
  return kselftests.map(({ collection, program }) => {
    const name = `${collection}:${program}`;
    return { id: `${WRAPPER}:${name}`, program: WRAPPER, name };
  });
}

/** What runs a selftest as pinlab's programs are run. */
const WRAPPER = 'kselftest';
/** What of a kernel tree its selftests are compiled from. */
const SOURCES = [
  'tools/testing/selftests',
  'tools/include',
  'tools/arch',
  'tools/scripts',
  'mm/gup_test.h',
  'drivers/iommu/iommufd/iommufd_test.h',
  'scripts/subarch.include',
];

/** Offers `kselftests`, compiled from the kernel tree under test, which is only read. */
export function offerKselftests(
  workspace: Workspace,
  kselftests: readonly Kselftest[],
): ExtendGuestTests {
  const tests = kselftestTests(kselftests);
  return (guestTests, { source, series }) =>
    stage(workspace, 'kselftest', 'selftests of the kernel', async ({ step }) => {
      const { cache, root, crossCompile, compilerVersion, signal } = workspace;
      const parts = await seriesParts(series);
      const added = [...parts.map(({ name }) => name), ...(await createdFiles(series.patches))];
      await checkSources(source, added, kselftests);
      const inputs = {
        programs: guestTests.sha256,
        wrapper: await hashTree(join(root, 'guest-tests/kselftest')),
        tree: `${source.version} ${await hashTree(...hashed(source, kselftests))}`,
        series: JSON.stringify(parts),
        compiler: await compilerVersion(`${crossCompile}gcc`),
        kselftests: tests.map(({ name }) => name).join(),
      };
      const fill = (directory: string) =>
        build({ workspace, source, series, kselftests, guestTests, directory, step });
      const entry = await cache.get('kselftest', inputs, fill, { signal });
      const directory = join(entry.directory, 'upload');
      return { ...guestTests, directory, tests, sha256: await hashTree(directory), hit: entry.hit };
    });
}

function hashed({ directory }: KernelSource, kselftests: readonly Kselftest[]): string[] {
  const collections = [...new Set(kselftests.map(({ collection }) => collection))];
  return collections.map((collection) => join(directory, 'tools/testing/selftests', collection));
}

async function checkSources(
  { directory, version }: KernelSource,
  added: readonly string[],
  kselftests: readonly Kselftest[],
) {
  for (const { collection, program } of kselftests) {
    const file = `tools/testing/selftests/${collection}/${program}.c`;
    if (added.includes(file) || (await exists(join(directory, file)))) continue;
    throw new UsageError(
      `there is no selftest ${collection}:${program}: no ${file} in Linux ${version}`,
    );
  }
}

interface Build {
  workspace: Workspace;
  source: KernelSource;
  series: Series;
  kselftests: readonly Kselftest[];
  guestTests: GuestTestsArtifact;
  directory: string;
  step: (what: string) => void;
}

/** Into `upload`: pinlab's programs, the wrapper, and the selftests. */
async function build(request: Build) {
  const { workspace, kselftests, guestTests, directory, step } = request;
  const upload = join(directory, 'partial');
  const tree = join(directory, 'tree');
  await cp(guestTests.directory, upload, { recursive: true, verbatimSymlinks: true });
  await copyFile(join(workspace.root, 'guest-tests/kselftest', WRAPPER), join(upload, WRAPPER));
  step('headers');
  await copyTree(request, tree);
  for (const kselftest of kselftests) {
    step(kselftest.program);
    await compile(request, tree, kselftest, join(upload, 'kselftests', kselftest.collection));
  }
  await rm(tree, { recursive: true });
  await rename(upload, join(directory, 'upload'));
}

/** What the selftests' makefiles need, in a tree of its own: they write beside their sources. */
async function copyTree({ workspace, source, series, directory }: Build, tree: string) {
  for (const path of SOURCES) {
    await mkdir(join(tree, path, '..'), { recursive: true });
    await cp(join(source.directory, path), join(tree, path), {
      ...{ recursive: true, verbatimSymlinks: true, preserveTimestamps: true },
    });
  }
  await applySeries(source.directory, tree, series, workspace.signal);
  const objects = join(directory, 'headers');
  const args = [
    ...['-C', source.directory, `O=${objects}`, 'ARCH=arm64'],
    ...[`INSTALL_HDR_PATH=${join(tree, 'usr')}`, 'headers_install'],
  ];
  const what = 'install the kernel’s headers';
  await run('make', args, { what, env: BUILD_ENVIRONMENT, signal: workspace.signal });
  await rm(objects, { recursive: true });
}

async function compile(
  { workspace, source }: Build,
  tree: string,
  { collection, program }: Kselftest,
  to: string,
) {
  const { root, crossCompile, signal } = workspace;
  const shims = join(tree, 'pinlab');
  await mkdir(shims, { recursive: true });
  await mkdir(to, { recursive: true });
  // What the headers in guest-tests/kselftest/include stand in for has no code of its own.
  await run(`${crossCompile}ar`, ['rcs', join(shims, 'libnuma.a')], {
    what: 'make libnuma',
    signal,
  });
  const include = join(root, 'guest-tests/kselftest/include');
  const flags = `-static -I${include} -L${shims}`;
  const args = [
    ...['-C', join(tree, 'tools/testing/selftests', collection), `-j${availableParallelism()}`],
    ...[`OUTPUT=${to}`, 'ARCH=arm64', `CROSS_COMPILE=${crossCompile}`],
    ...[`EXTRA_CFLAGS=${flags}`, `USERCFLAGS=${flags}`, join(to, program)],
  ];
  const what = `build the selftest ${collection}:${program} of Linux ${source.version}`;
  const finished = await tryRun('make', args, { what, env: BUILD_ENVIRONMENT, signal });
  if (finished.code !== 0) {
    throw new BuildError(`${what}: make exited with ${finished.code ?? finished.signal}`, {
      command: commandLine('make', args),
      output: finished.tail,
      hint: 'guest-tests/kselftest/include stands in for libnuma; other libraries must be there',
    });
  }
  await run(`${crossCompile}strip`, [join(to, program)], { what: 'strip a selftest', signal });
}

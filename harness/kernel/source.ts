// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { UsageError } from '../errors.ts';
import { type Apt, unpackDeb } from '../host/apt.ts';
import type { Cache } from '../host/cache.ts';
import { run, tryRun } from '../host/spawn.ts';
import type { Base } from './bases.ts';

/** A kernel source tree that nothing may write to. */
export interface KernelSource {
  directory: string;
  /** The package's version, or what a developer's tree calls itself. */
  version: string;
  /** The base whose patches and option fragments fit. */
  base: string;
  /** Whether it came from the cache, and so has known content, or is a developer's own tree. */
  pristine: boolean;
  /** What a developer's tree is at, as `treeCommit` tells it. */
  commit?: string | undefined;
  /** Whether it was there already. */
  hit: boolean;
}

/**
 * Debian's source of `base`: the newest that the archive offered when it was first fetched, and the
 * same one from then on, until `refresh`.
 */
export async function debianSource(
  base: Base,
  cache: Cache,
  openApt: () => Promise<Apt>,
  options: { refresh?: boolean; signal?: AbortSignal } = {},
): Promise<KernelSource> {
  const pointer = join(cache.root, 'kernel-source', `${base.name}.version`);
  const before = await readFile(pointer, 'utf8').catch(() => '');
  const known = options.refresh || before === '' ? undefined : before;
  const version = known ?? (await (await openApt()).version(base.sourcePackage));
  const inputs = { package: base.sourcePackage, version };
  const entry = await cache.get(
    'kernel-source',
    inputs,
    async (directory) => unpack(base, version, await openApt(), directory, options.signal),
    { contents: 'trusted' },
  );
  if (version !== before) await writeFileAtomic(pointer, version);
  return { directory: entry.directory, version, base: base.name, pristine: true, hit: entry.hit };
}

/** A developer's own tree, used as it is. */
export async function developerTree(directory: string): Promise<KernelSource> {
  const makefile = await readFile(join(directory, 'Makefile'), 'utf8').catch(() => '');
  const version = /^VERSION = (\d+)\nPATCHLEVEL = (\d+)\nSUBLEVEL = (\d+)/m.exec(makefile);
  const kconfig = await access(join(directory, 'Kconfig')).then(
    () => true,
    () => false,
  );
  if (!version || !kconfig) {
    throw new UsageError(`${directory} is not a kernel source tree`, {
      hint: 'expected a directory with the kernel’s own Makefile and Kconfig, or one of the bases',
    });
  }
  const [, major, minor, patch] = version.map(Number) as [number, number, number, number];
  return {
    directory: resolve(directory),
    version: `${major}.${minor}.${patch}`,
    base: major > 6 || (major === 6 && minor > 12) ? '7.3' : '6.12',
    pristine: false,
    hit: true,
  };
}

/**
 * The commit that the git tree `directory` is at, with `+` and a hash of the difference where tracked
 * files were edited since; undefined where it is no git tree of its own.
 */
export async function treeCommit(
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const git = (...args: string[]) =>
    tryRun('git', ['--git-dir', join(directory, '.git'), '--work-tree', directory, ...args], {
      ...{ what: `git ${args[0]}`, env: GIT_ENVIRONMENT, signal },
    });
  const head = await git('rev-parse', '--verify', 'HEAD');
  if (head.code !== 0) return undefined;
  // git diff would write a refreshed index into a tree that is not ours.
  const how = ['--patch', '--binary', '--full-index', '--no-ext-diff'];
  const { code, stdout } = await git('diff-index', ...how, 'HEAD');
  if (code !== 0) return undefined;
  if (stdout === '') return head.stdout;
  return `${head.stdout}+${createHash('sha256').update(stdout).digest('hex')}`;
}

/** Equal trees give equal text, whoever asks. */
const GIT_ENVIRONMENT = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

async function unpack(
  base: Base,
  version: string,
  apt: Apt,
  directory: string,
  signal?: AbortSignal,
) {
  const download = join(directory, '.download');
  await mkdir(download);
  await apt.download([`${base.sourcePackage}=${version}`], download);
  const deb = (await readdir(download)).find((name) => name.endsWith('.deb')) as string;
  await unpackDeb(join(download, deb), download, signal);
  await run('tar', ['xf', join(download, base.tarball), '-C', directory, '--strip-components=1'], {
    what: `unpack ${base.sourcePackage}`,
    signal,
  });
  await rm(download, { recursive: true });
}

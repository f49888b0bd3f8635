// SPDX-License-Identifier: MIT
import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { UsageError } from '../errors.ts';
import { type Apt, unpackDeb } from '../host/apt.ts';
import type { Cache } from '../host/cache.ts';
import { run } from '../host/spawn.ts';
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

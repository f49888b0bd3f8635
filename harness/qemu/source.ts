// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type Apt, unpackDeb } from '../host/apt.ts';
import type { Cache } from '../host/cache.ts';
import { run } from '../host/spawn.ts';

/** QEMU's source as Debian ships it, and a meson that can build it. Nothing may write to either. */
export interface QemuSource {
  directory: string;
  /** A directory with meson's executable and its Python modules. */
  meson: string;
  version: string;
}

/**
 * The newest stable QEMU that Debian 13 offered when it was first fetched, and the same from then
 * on, until `refresh`. Only the upstream tarball is used: Debian's patches concern firmware.
 */
export async function qemuSource(
  cache: Cache,
  openApt: () => Promise<Apt>,
  options: { refresh?: boolean; signal?: AbortSignal } = {},
): Promise<QemuSource> {
  const pointer = join(cache.root, 'qemu-source', 'version');
  const before = await readFile(pointer, 'utf8').catch(() => '');
  const known = options.refresh || before === '' ? undefined : before;
  const version = known ?? (await (await openApt()).version('qemu-system-arm'));
  const entry = await cache.get(
    'qemu-source',
    { version },
    async (directory) => unpack(await openApt(), version, directory, options.signal),
    { contents: 'trusted' },
  );
  if (version !== before) await writeFileAtomic(pointer, version);
  return {
    directory: join(entry.directory, 'qemu'),
    meson: join(entry.directory, 'meson'),
    version,
  };
}

async function unpack(apt: Apt, version: string, directory: string, signal?: AbortSignal) {
  const download = join(directory, '.download');
  for (const name of ['.download', 'qemu', 'meson']) await mkdir(join(directory, name));
  await apt.downloadSource('qemu', version, download);
  // QEMU wants meson 1.5, Debian 12 has 1.0; Debian 13's package is pure Python.
  await apt.download(['meson'], download);
  const names = await readdir(download);
  const tarball = names.find((name) => /\.orig\.tar\./.test(name)) as string;
  const deb = names.find((name) => name.endsWith('.deb')) as string;
  const args = ['xf', join(download, tarball), '-C', join(directory, 'qemu')];
  await run('tar', [...args, '--strip-components=1'], { what: 'unpack QEMU', signal });
  await unpackDeb(join(download, deb), join(directory, 'meson'), signal);
  await rm(download, { recursive: true });
}

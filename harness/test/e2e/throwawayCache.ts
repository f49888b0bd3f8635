// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../../host/hash.ts';
import { exists } from '../../host/paths.ts';
import { built, workspace } from './machine.ts';

/** What is long in the making and what a test does not break: the throw-away cache has the real one's. */
export const SHARED = [
  'kernel',
  'kernel-source',
  'kernel-work',
  'qemu',
  'qemu-source',
  'guest-packages',
];

/** Makes a cache below `home` (for XDG_CACHE_HOME) in which only what is cheap has to be built. */
export async function throwawayCache(home: string, shared = SHARED): Promise<string> {
  await built();
  const root = join(home, 'pinlab');
  await mkdir(root, { recursive: true });
  for (const kind of shared) await symlink(join(workspace.cache.root, kind), join(root, kind));
  return root;
}

/** The files of finished artifacts of `kinds` below `root` that are not what their manifest says. */
export async function brokenFiles(root: string, kinds: readonly string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const kind of kinds) {
    for (const name of await readdir(join(root, kind)).catch(() => [])) {
      if (/\.(lock|partial)$/.test(name)) continue;
      broken.push(...(await brokenIn(join(root, kind, name))));
    }
  }
  return broken;
}

async function brokenIn(directory: string): Promise<string[]> {
  const manifest = join(directory, 'pinlab.json');
  if (!(await exists(manifest))) return [manifest];
  const { files } = JSON.parse(await readFile(manifest, 'utf8'));
  const found = Object.entries(files as Record<string, string>).map(async ([file, sha256]) => {
    const hash = await hashFile(join(directory, file)).catch(() => undefined);
    return hash === sha256 ? [] : [join(directory, file)];
  });
  return (await Promise.all(found)).flat();
}

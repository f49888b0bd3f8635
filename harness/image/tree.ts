// SPDX-License-Identifier: MIT
import { dirname } from 'node:path';
import { type Entry, S_IFDIR, S_IFLNK, S_IFREG } from './cpio.ts';

/** Directories that are not just a file's parent: mount points, and modes other than 755. */
const DIRECTORIES = { proc: 0o555, sys: 0o555, dev: 0o755, tmp: 0o1777, run: 0o755, root: 0o700 };

/** A directory; the parents that it lacks are made by `withParents`. */
export function directory(path: string, permissions = 0o755): Entry {
  return { path, mode: S_IFDIR | permissions };
}

/** A file with the given bytes. */
export function file(path: string, data: Buffer | string, permissions = 0o644): Entry {
  return { path, mode: S_IFREG | permissions, data: Buffer.from(data as string) };
}

/** A symbolic link. */
export function link(path: string, target: string): Entry {
  return { path, mode: S_IFLNK | 0o777, data: Buffer.from(target) };
}

/** The directories that the guest expects even where no file is in them. */
export function standardDirectories(): Entry[] {
  return Object.entries(DIRECTORIES).map(([path, permissions]) => directory(path, permissions));
}

/** `entries` with each missing parent directory before its first child, as the kernel's unpacker needs it. */
export function withParents(entries: readonly Entry[]): Entry[] {
  const made = new Set(['.']);
  return entries.flatMap((entry) => {
    const missing = ancestors(entry.path).filter((path) => !made.has(path));
    for (const path of [...missing, entry.path]) made.add(path);
    return [...missing.map((path) => directory(path)), entry];
  });
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [...ancestors(parent), parent];
}

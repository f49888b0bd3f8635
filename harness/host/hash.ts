// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A stream would allocate anew for every 64 KiB, which costs more than the hash. */
const BUFFER_BYTES = 1 << 20;

/** How many files are open at a time: of small ones, most of the time goes into waiting for the next call. */
const AT_ONCE = 64;

/** The SHA-256 of one file's bytes, as hex. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await using handle = await open(file);
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(size, BUFFER_BYTES)));
  for (;;) {
    const { bytesRead } = await handle.read(buffer);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** Each of `files` with its SHA-256, in their order. */
export async function hashFiles(files: readonly string[]): Promise<[string, string][]> {
  const hashed: [string, string][] = [];
  for (let first = 0; first < files.length; first += AT_ONCE) {
    const some = files.slice(first, first + AT_ONCE);
    const hashes = some.map(
      async (file): Promise<[string, string]> => [file, await hashFile(file)],
    );
    hashed.push(...(await Promise.all(hashes)));
  }
  return hashed;
}

/** The SHA-256 over the names and bytes of every file below `paths`, as hex. */
export async function hashTree(...paths: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const [file, sha256] of await hashFiles(await listFiles(path)))
      hash.update(`${relative(path, file)}\0${sha256}\0`);
  }
  return hash.digest('hex');
}

/** Every file below `path`, sorted, as full paths; below a file it is that file, and below nothing there is none. */
export async function listFiles(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') return [path];
    throw error;
  }
}

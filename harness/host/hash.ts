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

/** The SHA-256 over the names and bytes of every file below `directories`, as hex. */
export async function hashTree(...directories: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const [file, sha256] of await hashFiles(await listFiles(directory)))
      hash.update(`${relative(directory, file)}\0${sha256}\0`);
  }
  return hash.digest('hex');
}

/** Every file below `directory`, sorted, as full paths; an absent directory has none. */
export async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

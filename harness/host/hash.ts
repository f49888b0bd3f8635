// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A stream would allocate anew for every 64 KiB, which costs more than the hash. */
const BUFFER_BYTES = 1 << 20;

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

/** The SHA-256 over the names and bytes of every file below `directories`, as hex. */
export async function hashTree(...directories: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const file of await listFiles(directory)) {
      hash.update(`${relative(directory, file)}\0${await hashFile(file)}\0`);
    }
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

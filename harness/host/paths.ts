// SPDX-License-Identifier: MIT
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whether something is at `path`. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The text of `file`; undefined if there is none, which is not the same as one that cannot be read. */
export function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/**
 * Makes `directory` and what is missing above it. Node's own `recursive` never returns where mkdir(2)
 * says ENOENT below a directory that is there, as in /proc.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (found) throw new Error(`${directory} is not a directory`);
  const parent = dirname(directory);
  if (parent !== directory) await makeDirectory(parent);
  await mkdir(directory).catch(async (error: NodeJS.ErrnoException) => {
    const meanwhile = await stat(directory).catch(() => undefined);
    if (!meanwhile?.isDirectory()) throw error;
  });
}

// SPDX-License-Identifier: MIT
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/** The directory that `--output` names, made if it is not there: what cannot be written to is refused at once. */
export async function outputDirectory(path: string): Promise<string> {
  const directory = resolve(path);
  try {
    await make(directory);
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`cannot write to --output ${directory}: ${(cause as Error).message}`, {
      hint: 'choose a directory that exists and is yours, or one that can be made',
      cause,
    });
  }
  return directory;
}

/** Node's own `recursive` never returns where mkdir(2) says ENOENT below a directory that is there, as in /proc. */
async function make(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory()) return;
  const parent = dirname(directory);
  if (parent !== directory) await make(parent);
  await mkdir(directory).catch(async (error: NodeJS.ErrnoException) => {
    const meanwhile = await stat(directory).catch(() => undefined);
    if (!meanwhile?.isDirectory()) throw error;
  });
}

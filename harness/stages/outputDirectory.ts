// SPDX-License-Identifier: MIT
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { makeDirectory } from '../host/paths.ts';

/** The directory that `--output` names, made if it is not there: what cannot be written to is refused at once. */
export async function outputDirectory(path: string): Promise<string> {
  const directory = resolve(path);
  try {
    await makeDirectory(directory);
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`cannot write to --output ${directory}: ${(cause as Error).message}`, {
      hint: 'choose a directory that exists and is yours, or one that can be made',
      cause,
    });
  }
  return directory;
}

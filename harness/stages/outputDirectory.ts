// SPDX-License-Identifier: MIT
import { access, constants, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { makeDirectory } from '../host/paths.ts';
import { findBase } from '../kernel/bases.ts';

/**
 * The directory that `--output` names, made if it is not there: what cannot be written to is refused
 * at once, and so is what lies in the tree that `kernel` may be.
 */
export async function outputDirectory(path: string, kernel?: string): Promise<string> {
  const directory = resolve(path);
  if (kernel !== undefined && !findBase(kernel)) await refuseInside(kernel, directory);
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

async function refuseInside(kernel: string, directory: string) {
  const [tree, place] = [await placeOf(resolve(kernel)), await placeOf(directory)];
  if (!`${place}/`.startsWith(`${tree}/`)) return;
  throw new UsageError(`${kernel} is never written to, and --output ${directory} lies in it`, {
    hint: 'choose a directory outside the kernel tree: --output DIR',
  });
}

/** Where `path` leads once links are followed, also if its last parts are not there yet. */
async function placeOf(path: string): Promise<string> {
  const place = await realpath(path).catch(() => undefined);
  const parent = dirname(path);
  return place ?? (parent === path ? path : join(await placeOf(parent), basename(path)));
}

// SPDX-License-Identifier: MIT
import { constants, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../host/temporary.ts';

/** A Node, not the one that came with pinlab, which runs TypeScript as little as an old one does. */
export async function oldNode() {
  const directory = await temporaryDirectory('test');
  const path = join(directory.path, 'node');
  await copyFile(process.execPath, path, constants.COPYFILE_FICLONE);
  return {
    path,
    args: ['--no-strip-types'],
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache, CacheInputs } from '../../host/cache.ts';
import { hashFile } from '../../host/hash.ts';

/** How long one patch may build; all of them may take longer than a test may be silent. */
export const PATCH_TIMEOUT_MS = 60 * 60_000;

/**
 * Runs `build`, which throws unless it succeeds, but not if equal inputs have been built before: to
 * change the last patch of a series does not build the first again.
 */
export async function provenBuild(
  cache: Cache,
  inputs: CacheInputs,
  build: () => Promise<string>,
): Promise<void> {
  await cache.get('proven-build', inputs, async (directory) => {
    await writeFile(join(directory, 'output'), await build());
  });
}

/** The contents of `files`, in order, as an input. */
export async function hashesOf(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map((file) => hashFile(file)))).join();
}

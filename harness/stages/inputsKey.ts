// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { cacheKey } from '../host/cache.ts';
import { hashTree } from '../host/hash.ts';

/** What the long builds depend on, relative to the checkout. */
const LONG_BUILDS = ['qemu', 'kernel', 'images', 'harness/kernel', 'harness/qemu', 'harness/image'];

/**
 * One short name for everything in the checkout that a long build depends on. A CI system stores the
 * cache under it; equal names mean that nothing long has to be built again.
 */
export async function inputsKey(root: string): Promise<string> {
  const hashes = LONG_BUILDS.map(async (part) => [part, await hashTree(join(root, part))] as const);
  const parts = Object.fromEntries(await Promise.all(hashes));
  return `pinlab-${process.arch}-${cacheKey(parts)}`;
}

// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { cacheKey } from '../host/cache.ts';
import { hashTree } from '../host/hash.ts';

/** What the long builds depend on, relative to the checkout. */
const LONG_BUILDS = [
  ...['qemu', 'kernel', 'images'],
  ...['harness/kernel', 'harness/qemu', 'harness/image', 'harness/host'],
  // What goes into the names of their artifacts.
  ...['harness/stages/buildKernel.ts', 'harness/stages/buildQemu.ts'],
  'harness/stages/makeImage.ts',
];

/** Names Debian's point release, and so the compilers and libraries, also before they are installed. */
const DEBIAN_VERSION = '/etc/debian_version';

/**
 * One short name for everything that a long build depends on, in the checkout and on the host. A CI
 * system stores the cache under it, with the sources and which versions they are: equal names mean
 * that nothing long has to be built again.
 */
export async function inputsKey(root: string, debianVersion = DEBIAN_VERSION): Promise<string> {
  const paths = [...LONG_BUILDS.map((part) => [part, join(root, part)]), ['debian', debianVersion]];
  const hashes = paths.map(async ([part, path]) => [part, await hashTree(path as string)] as const);
  const parts = Object.fromEntries(await Promise.all(hashes));
  return `pinlab-${process.arch}-${cacheKey(parts)}`;
}

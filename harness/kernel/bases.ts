// SPDX-License-Identifier: MIT

/** A kernel line that pinlab carries the series for. */
export interface Base {
  name: string;
  /** Debian's package with the source tarball. */
  sourcePackage: string;
  tarball: string;
}

/** The supported bases: the LTS line, and the newest line that Debian offers as source. */
export const bases: readonly Base[] = ['6.12', '7.3'].map((name) => ({
  name,
  sourcePackage: `linux-source-${name}`,
  tarball: `usr/src/linux-source-${name}.tar.xz`,
}));

/** The base called `name`. */
export function findBase(name: string): Base | undefined {
  return bases.find((base) => base.name === name);
}

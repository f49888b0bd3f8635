// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addedLines, type Series } from '../host/overlay.ts';
import type { KernelSource } from './source.ts';

interface Flavour {
  /** The fragments that it adds to those of every kernel. */
  fragments: readonly string[];
  /** How many times longer than on `base` a test or a boot may take; what hangs takes for ever. */
  slowdown: number;
}

const FLAVOURS: Readonly<Record<string, Flavour>> = {
  base: { fragments: [], slowdown: 1 },
  // Every access of the kernel is checked, and that is emulated too.
  debug: { fragments: ['debug'], slowdown: 10 },
  kcsan: { fragments: ['kcsan'], slowdown: 10 },
  bench: { fragments: ['bench'], slowdown: 1 },
};

export const flavours = Object.keys(FLAVOURS);

/** How many times longer than on `base` a test or a boot may take on `flavour`. */
export function slowdown(flavour: string): number {
  return FLAVOURS[flavour]?.slowdown ?? 1;
}

/** The option fragments of one kernel, joined in order; a later line overrides an earlier one. */
export async function readFragments(
  directory: string,
  request: { source: KernelSource; series: Series; flavour: string },
): Promise<string> {
  const names = [
    ...['base', `base-${request.source.base}`, 'sva', 'mm'],
    ...((await offersMempinfd(request)) ? ['mempinfd'] : []),
    ...(FLAVOURS[request.flavour]?.fragments ?? []),
  ];
  const texts = names.map((name) => readFile(join(directory, `${name}.config`), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** Where the option of the system call is. */
const KCONFIG = 'mm/Kconfig';

/** Whether the kernel will have the system call, and so must be configured with it. */
async function offersMempinfd({ source, series }: { source: KernelSource; series: Series }) {
  if (series.newFiles.length > 0) return true;
  const tree = await readFile(join(source.directory, KCONFIG), 'utf8').catch(() => '');
  const patches = await Promise.all(series.patches.map((patch) => readFile(patch, 'utf8')));
  const texts = [tree, ...patches.map((patch) => addedLines(patch, KCONFIG))];
  return texts.some((text) => /^config MEMPINFD$/m.test(text));
}

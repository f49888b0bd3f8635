// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addedLines, type Series } from '../host/overlay.ts';
import type { KernelSource } from './source.ts';

/** The fragments that a flavour adds to those of every kernel. */
const FLAVOURS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  debug: ['debug'],
  bench: ['bench'],
};

export const flavours = Object.keys(FLAVOURS);

/** The option fragments of one kernel, joined in order; a later line overrides an earlier one. */
export async function readFragments(
  directory: string,
  request: { source: KernelSource; series: Series; flavour: string },
): Promise<string> {
  const names = [
    ...['base', `base-${request.source.base}`, 'sva', 'mm'],
    ...((await offersMempinfd(request)) ? ['mempinfd'] : []),
    ...(FLAVOURS[request.flavour] ?? []),
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

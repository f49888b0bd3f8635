// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { applySeries, linkTree, type Series } from '../host/overlay.ts';
import { exists } from '../host/paths.ts';
import type { KernelSource } from './source.ts';

/** The directory that holds the work trees of one kernel version. */
export function workTreeRoot(cacheRoot: string, source: KernelSource): string {
  return join(cacheRoot, 'kernel-work', `${source.base}-${source.version}`);
}

/** The patched tree of `series`, kept between runs for incremental builds. The caller holds its lock. */
export async function workTree(
  root: string,
  source: KernelSource,
  series: Series,
  signal?: AbortSignal,
): Promise<string> {
  const tree = join(root, series.name);
  if (!(await exists(tree))) await linkTree(source.directory, tree, signal);
  await applySeries(source.directory, tree, series, signal);
  return tree;
}

// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { Watch } from '../host/watch.ts';
import { findBase } from '../kernel/bases.ts';
import { isOurs } from '../kernel/ourSeries.ts';
import { checkChoice, type KernelChoice } from './kernelRequest.ts';

/** What of the checkout every run is made of. */
const OF_EVERY_RUN = ['guest-tests', 'images', 'qemu', 'kernel/dma-testdev', 'kernel/configs'];
/** What our series is made of. */
const OF_OUR_SERIES = ['kernel/mempinfd', 'kernel/patches'];

/** The files and directories that decide what a run of `choice` tests. */
export function sourcesOf(root: string, choice: KernelChoice): string[] {
  const { kernel, series, patches = [], fragments } = choice;
  const ofTheSeries = isOurs(series) ? OF_OUR_SERIES.map((path) => join(root, path)) : series;
  return [
    ...OF_EVERY_RUN.map((path) => join(root, path)),
    ...(findBase(kernel) ? patchesOf(ofTheSeries) : [resolve(kernel)]),
    ...[...patches, ...fragments].map((path) => resolve(path)),
  ];
}

function patchesOf(series: 'none' | readonly string[]): string[] {
  return series === 'none' ? [] : series.map((path) => resolve(path));
}

/** Follows the sources of `choice` until disposed; refuses what cannot be meant, as a run would. */
export async function watchSources(root: string, choice: KernelChoice): Promise<Watch> {
  await checkChoice(choice);
  return Watch.open(sourcesOf(root, choice));
}

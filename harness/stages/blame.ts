// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { PinlabError, type SourceLine } from '../errors.ts';
import type { Series } from '../host/overlay.ts';
import { patchPlace, repositoryLine } from './sourceContext.ts';

/** Throws `error` on, with the line of `applied` that it is about as the user of the checkout at `root` has it. */
export async function blame(root: string, applied: Series, error: unknown): Promise<never> {
  if (error instanceof PinlabError) error.place = await placeOf(root, applied, error);
  throw error;
}

async function placeOf(
  root: string,
  applied: Series,
  { place, output = '' }: PinlabError,
): Promise<SourceLine | undefined> {
  const patch = applied.patches.indexOf(place?.file ?? '');
  if (place && patch >= 0) return patchPlace(root, applied, { patch, line: place.line });
  return complainedLine(root, applied, output);
}

/** An error of the compiler, which runs in a directory of the tree. */
const COMPLAINT = /^(?:\.{1,2}\/)*([^\s:]+):(\d+):\d+: (?:fatal )?error:/gm;

/** The first line that the compiler complains about and the series has put there. */
async function complainedLine(root: string, applied: Series, output: string) {
  // One that is gone has no line to show, and must not hide the error.
  const texts = applied.patches.map((file) => readFile(file, 'utf8').catch(() => ''));
  const series = { root, applied, patches: await Promise.all(texts) };
  for (const [, file = '', line] of output.matchAll(COMPLAINT)) {
    const found = await repositoryLine(file, Number(line), series);
    if (found) return found;
  }
  return undefined;
}

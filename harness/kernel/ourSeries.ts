// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { listFiles } from '../host/hash.ts';
import type { Series } from '../host/overlay.ts';
import { subjectOf } from './mailing.ts';

/** Which of pinlab's own patches: all, or all but those that change mm for every long-term pin. */
export type OurSeries = 'ours' | 'ours-without-mm';

/** Whether a choice of patches means pinlab's own. */
export function isOurs(series: string | readonly string[]): series is OurSeries {
  return series === 'ours' || series === 'ours-without-mm';
}

/** Lines around a change that must match where a patch before it may be left out. */
const CONTEXT_WITHOUT_MM = 2;

/** Pinlab's patches and new files for `base`, from the checkout at `root`. */
export async function ourSeries(root: string, base: string, which: OurSeries): Promise<Series> {
  const files = await listFiles(join(root, 'kernel/patches', base));
  const patches = files.filter((file) => file.endsWith('.patch'));
  const newFiles = [{ from: join(root, 'kernel/mempinfd'), to: '' }];
  if (which === 'ours') return { name: 'mempinfd', newFiles, patches };
  const left = await withoutMm(root, patches);
  return { name: 'mempinfd-without-mm', newFiles, patches: left, context: CONTEXT_WITHOUT_MM };
}

async function withoutMm(root: string, patches: readonly string[]): Promise<string[]> {
  const ofMm = parseSubjects(await readFile(join(root, 'kernel/patches/mm-behaviour.txt'), 'utf8'));
  const texts = await Promise.all(patches.map((patch) => readFile(patch, 'utf8')));
  const left = patches.filter((_, i) => !ofMm.has(subjectOf(texts[i] ?? '')));
  if (left.length < patches.length) return left;
  throw new UsageError('kernel/patches/mm-behaviour.txt names no patch of the series', {
    hint: 'a line is the subject of a patch, without [PATCH]',
  });
}

/** Reads a list of subjects; `#` begins a comment. */
export function parseSubjects(text: string): Set<string> {
  return new Set(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
}

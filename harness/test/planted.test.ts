// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { seriesOverlay, touchedFiles } from '../host/overlay.ts';
import { temporaryDirectory } from '../host/temporary.ts';

const OURS = join(import.meta.dirname, '../../kernel/mempinfd');
const PLANTED = join(import.meta.dirname, 'planted');

/** The bugs that are planted in a file that is here; the others need a kernel's source. */
async function plantedInOurs(): Promise<string[]> {
  const names = await readdir(PLANTED);
  const texts = await Promise.all(names.map((name) => readFile(join(PLANTED, name), 'utf8')));
  return names.filter((_, i) => touchedFiles(texts[i] ?? '').includes('mm/mempinfd.c'));
}

for (const name of await plantedInOurs()) {
  test(`${name} applies to mm/mempinfd.c`, async (t) => {
    await using scratch = await temporaryDirectory('test');
    const series = { name, newFiles: [], patches: [join(PLANTED, name)] };
    await t.notThrowsAsync(seriesOverlay(OURS, scratch.path, series));
  });
}

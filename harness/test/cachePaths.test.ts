// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');

/** What a cache of pinlab's holds, and what it is in. */
const KEPT = ['guest-packages', 'image', 'kernel', 'kernel-source', 'qemu', 'qemu-source'];
const LEFT_OUT = ['apt', 'guest-tests-work', 'kernel-developer', 'kernel-work', 'qemu-work'];
const PARENTS = ['.cache', '.cache/pinlab'];
const inCache = (name: string) => `.cache/pinlab/${name}`;

/** The patterns of the step that uses actions/cache. */
function patterns(text: string): string[] {
  const [, block = ''] =
    /uses: actions\/cache@[\s\S]*?path: \|\n((?: +!?\.cache.*\n)+)/.exec(text) ?? [];
  return block.trim().split(/\n */);
}

/** What actions/cache would pack: a directory that matches is packed as it is, whatever excludes parts of it. */
function packed(all: readonly string[]): string[] {
  const places = [...PARENTS, ...[...KEPT, ...LEFT_OUT].map(inCache)];
  const excluded = all.filter((pattern) => pattern.startsWith('!')).map((p) => p.slice(1));
  const included = all.filter((pattern) => !pattern.startsWith('!'));
  const matches = (place: string) => (pattern: string) => matchesGlob(place, pattern);
  return places.filter((place) => included.some(matches(place)) && !excluded.some(matches(place)));
}

for (const file of ['.github/workflows/ci.yml', 'action.yml']) {
  test(`${file} keeps artifacts and sources, and no tree that is built in`, async (t) => {
    const text = await readFile(join(ROOT, file), 'utf8');
    t.deepEqual(packed(patterns(text)), KEPT.map(inCache));
  });
}

test('an exclusion below a directory that is included would be seen', (t) => {
  t.deepEqual(packed(['.cache/pinlab', '!.cache/pinlab/*-work']), ['.cache/pinlab']);
});

// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { bases } from '../../kernel/bases.ts';
import { subjectOf } from '../../kernel/mailing.ts';
import { ourSeries, parseSubjects } from '../../kernel/ourSeries.ts';

const ROOT = join(import.meta.dirname, '../../..');

async function subjects(base: string): Promise<string[]> {
  const directory = join(ROOT, 'kernel/patches', base);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.patch'));
  return Promise.all(
    names.map(async (name) => subjectOf(await readFile(join(directory, name), 'utf8'))),
  );
}

test('every patch that changes mm is one of the series', async (t) => {
  const listed = parseSubjects(
    await readFile(join(ROOT, 'kernel/patches/mm-behaviour.txt'), 'utf8'),
  );
  const known = new Set((await Promise.all(bases.map(({ name }) => subjects(name)))).flat());
  t.true(listed.size > 0);
  t.deepEqual(
    [...listed].filter((subject) => !known.has(subject)),
    [],
  );
});

for (const { name: base } of bases) {
  test(`without the mm patches, the series of ${base} still has the system call`, async (t) => {
    const whole = await ourSeries(ROOT, base, 'ours');
    const part = await ourSeries(ROOT, base, 'ours-without-mm');
    const names = part.patches.map((path) => basename(path));
    t.true(part.patches.length < whole.patches.length);
    t.true(part.patches.every((patch) => whole.patches.includes(patch)));
    t.true(names.some((name) => name.includes('mm-add-mempinfd')));
    t.false(names.some((name) => name.includes('mm-vmscan')));
    t.not(part.name, whole.name);
  });
}

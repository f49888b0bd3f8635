// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import test from 'ava';
import { run } from '../host/spawn.ts';

const ROOT = join(import.meta.dirname, '../..');

const { stdout } = await run('git', ['ls-files'], { what: 'list the files', cwd: ROOT });
const files = stdout.split('\n').filter((file) => !file.startsWith('LICENSES/'));
const annotated = await annotatedPaths();

test('every file names its licence, in an SPDX line or in REUSE.toml', async (t) => {
  const silent = [];
  for (const file of files) {
    if (!annotated.some((glob) => matchesGlob(file, glob)) && !(await licenceOf(file))) {
      silent.push(file);
    }
  }
  t.deepEqual(silent, []);
});

for (const [folder, licence] of [
  ['kernel/dma-testdev/', 'GPL-2.0-only'],
  ['kernel/mempinfd/mm/', 'GPL-2.0-only'],
  ['harness/', 'MIT'],
] as const) {
  test(`${folder} is ${licence}`, async (t) => {
    const own = files.filter((file) => file.startsWith(folder) && /\.(?:c|ts)$/.test(file));
    t.true(own.length > 0);
    for (const file of own) t.is(await licenceOf(file), licence, file);
  });
}

async function licenceOf(file: string): Promise<string | undefined> {
  const head = (await readFile(join(ROOT, file), 'utf8')).slice(0, 800);
  return /SPDX-License-Identifier: (\S+)/.exec(head)?.[1];
}

async function annotatedPaths(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'REUSE.toml'), 'utf8');
  const lists = [...text.matchAll(/^path = (\[.*\]|".*")$/gm)].map((match) => match[1] as string);
  return lists.flatMap((list) =>
    [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1] as string),
  );
}

// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { applySeries } from '../../host/overlay.ts';
import { bases } from '../../kernel/bases.ts';
import { pinlab, temporaryDirectory } from './pinlab.ts';
import { git, ownKernel, pristineRepository } from './pristine.ts';

/** For what does not depend on the base. */
const BASE = '6.12';

for (const { name: base } of bases) {
  test(`${base}: git am of the series on the pristine source gives the tree that pinlab builds`, async (t) => {
    await using scratch = await temporaryDirectory();
    const mails = await writeMails(base, join(scratch.path, 'mails'));
    const { source, series } = await ownKernel(base);
    t.is(mails.length, series.patches.length + 1);

    const mailed = join(scratch.path, 'mailed');
    await pristineRepository(mailed, source, series.patches);
    await git(mailed, 'am', '--quiet', ...mails.slice(1));

    const built = join(scratch.path, 'built');
    await pristineRepository(built, source, series.patches);
    await applySeries(source.directory, built, series);
    await git(built, 'add', '--force', '--all', '--', ':!.pinlab-series.json');

    // Git's name for the whole tree: every path, mode and byte.
    t.is((await git(mailed, 'write-tree')).trim(), (await git(built, 'write-tree')).trim());
    t.true((await git(mailed, 'ls-files')).includes('mm/mempinfd.c\n'));
  });
}

test('the series is the same bytes each time, whoever writes it', async (t) => {
  await using scratch = await temporaryDirectory();
  const read = async (mails: string[]) => Promise.all(mails.map((file) => readFile(file, 'utf8')));
  const env = { GIT_AUTHOR_NAME: 'Nobody', TZ: 'Asia/Tokyo', LC_ALL: 'C' };
  const one = await read(await writeMails(BASE, join(scratch.path, 'one')));
  t.deepEqual(await read(await writeMails(BASE, join(scratch.path, 'two'), env)), one);
  t.regex(one[0] ?? '', /^Subject: \[PATCH v4 00\/\d+\] mm: hold pages in place/m);
  t.regex(one[1] ?? '', /^Subject: \[PATCH v4 01\/\d+\] /m);
});

test('mails are not mixed with others', async (t) => {
  await using scratch = await temporaryDirectory();
  await writeMails(BASE, scratch.path);
  const { code, tail } = await pinlab(['series', '--base', BASE, '-o', scratch.path]);
  t.is(code, EXIT.usage);
  t.regex(tail, /holds v4-0000-cover-letter\.patch already/);
});

async function writeMails(
  base: string,
  directory: string,
  env?: Record<string, string>,
): Promise<string[]> {
  const { code, tail } = await pinlab(['series', '--base', base, '-o', directory], env);
  if (code !== EXIT.ok) throw new Error(tail);
  return (await readdir(directory)).sort().map((name) => join(directory, name));
}

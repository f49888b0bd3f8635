// SPDX-License-Identifier: MIT
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAMS = join(ROOT, 'guest-tests');

interface Row {
  key: string;
  shownBy: string;
}

const page = await readFile(join(PROGRAMS, 'behaviours.md'), 'utf8');
const [, behaviours = [], errors = [], mistakes = []] = page.split(/^## /m).map(rows);
const tests = await knownTests();

test('every behaviour is listed once', (t) => {
  const expected = Array.from({ length: 90 }, (_, index) => `${index + 1}`);
  t.deepEqual(
    behaviours.map(({ key }) => key),
    expected,
  );
});

test('every error of the manual page is listed once', async (t) => {
  const manual = await readFile(join(ROOT, 'docs/mempinfd.2'), 'utf8');
  const section = /^\.SH ERRORS$(.*?)^\.SH /ms.exec(manual)?.[1] ?? '';
  const named = [...section.matchAll(/^\.TP\n\.B (E\w+)$/gm)].map((match) => match[1]);
  t.true(named.length > 10);
  t.deepEqual(
    errors.map(({ key }) => key),
    [...new Set(named)].sort(),
  );
});

test('every mistake of v3 is listed once, and has a test', (t) => {
  const expected = Array.from({ length: 11 }, (_, index) => `${index + 1}`);
  t.deepEqual(
    mistakes.map(({ key }) => key),
    expected,
  );
  for (const { key, shownBy } of mistakes) t.regex(shownBy, /`/, key);
});

const listed = Object.entries({ behaviour: behaviours, error: errors, 'mistake of v3': mistakes });
const all = listed.flatMap(([what, rows]) => rows.map((row) => ({ what, ...row })));

for (const { what, key, shownBy } of all) {
  test(`${what} ${key} names what shows it`, async (t) => {
    const names = [...shownBy.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
    t.true(names.length > 0, shownBy);
    for (const name of names) {
      if (name.endsWith('.ts')) await t.notThrowsAsync(access(join(ROOT, name)));
      else t.true(tests.has(name), `there is no ${name}`);
    }
  });
}

/** The rows of a section's table: the first cell, and the last. */
function rows(section: string): Row[] {
  const cells = section
    .split('\n')
    .filter((line) => /^\| (\d+|E\w+) \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return cells.map((row) => ({ key: row[1] as string, shownBy: row.at(-2) as string }));
}

/** Every `program:fixture.test` of the sources, and `program:fixture.variant.test`; no fixture is `global`. */
async function knownTests(): Promise<Set<string>> {
  const files = (await readdir(PROGRAMS)).filter((name) => name.endsWith('.c'));
  const names = await Promise.all(files.map((file) => testsOf(file)));
  return new Set(names.flat());
}

async function testsOf(file: string): Promise<string[]> {
  const text = await readFile(join(PROGRAMS, file), 'utf8');
  const program = basename(file, '.c');
  const variants = [...text.matchAll(/^FIXTURE_VARIANT_ADD\((\w+), (\w+)\)/gm)];
  return [...text.matchAll(/^TEST(?:_F)?\((?:(\w+), )?(\w+)\)/gm)].flatMap(
    ([, fixture = 'global', name]) => [
      `${program}:${fixture}.${name}`,
      ...variants
        .filter((variant) => variant[1] === fixture)
        .map((variant) => `${program}:${fixture}.${variant[2]}.${name}`),
    ],
  );
}

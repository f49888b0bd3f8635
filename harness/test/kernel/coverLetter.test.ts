// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bench } from '../../schema/bench.ts';
import { expectedMatrix } from '../../schema/matrix.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MACHINE = '6.12, HTTU 0';
/** What each of the letter's operations holds or releases, in bytes. */
const AMOUNT = 64 * 2 ** 20;
/** The letter's headings of columns, by the matrix's name of the protection. */
const PROTECTIONS: Record<string, string> = {
  sysctls: 'mlock, sysctls off',
  mempinfd: 'mempinfd, full series',
};
/** The letter's signs, by the matrix's words. */
const SIGNS: Record<string, string> = {
  '-': 'no stall',
  m: 'no stall, moved',
  all: 'every page stalls',
  'all m': 'every page stalls, moved',
  off: 'prevented',
};
/** What the manual page says a locked page does not withstand, and a pinned one does. */
const NOT_FOR_MLOCK = ['KSM', 'fork, 4 KiB', 'NUMA balancing, 4 KiB', 'idle page tracking'];

const letter = await read('kernel/patches/cover-letter.txt');

test('the letter tells of the events what the matrix that is checked in does', async (t) => {
  const found = expectedMatrix.parse(JSON.parse(await read('docs/results/matrix-expected.json')));
  const rows = table('after');
  t.true(rows.length >= 10);
  for (const { name, cells } of rows) {
    for (const [heading, sign] of Object.entries(cells)) {
      const words = found.cells[MACHINE]?.[name]?.[PROTECTIONS[heading] ?? heading];
      t.is(SIGNS[sign] ?? sign, words ?? 'nothing', `${name}, ${heading}`);
    }
  }
});

test('the letter’s instructions are those of the page that is checked in', async (t) => {
  const { figures } = bench.parse(JSON.parse(await read('docs/results/bench-6.12.json')));
  const rows = table('instructions');
  t.true(rows.length >= 8);
  for (const { name, cells } of rows) {
    for (const [backing, count] of Object.entries(cells)) {
      const found = figures.find(
        (figure) =>
          figure.operation === name &&
          figure.backing === backing &&
          figure.state === 'present' &&
          figure.amount === AMOUNT,
      );
      t.is(found?.instructions, Number(count), `${name}, ${backing}`);
    }
  }
});

test('the manual page claims of mlock what the matrix shows', async (t) => {
  const found = expectedMatrix.parse(JSON.parse(await read('docs/results/matrix-expected.json')));
  for (const row of NOT_FOR_MLOCK) {
    const cells = found.cells[MACHINE]?.[row] ?? {};
    t.regex(cells.mlock ?? '', /^every page stalls/, row);
    t.is(cells['mempinfd, full series'], 'no stall', row);
  }
});

/** The letter's table whose first heading is `first`: columns are two spaces and more apart. */
function table(first: string) {
  const lines = letter.split('\n').map((line) => line.trim());
  const start = lines.findIndex((line) => line.startsWith(`${first}  `));
  const body = lines.slice(start, lines.indexOf('', start)).filter((line) => !line.startsWith('$'));
  const [headings = [], ...rows] = body.map((line) => line.split(/ {2,}/));
  return rows.map(([name = '', ...cells]) => ({
    name,
    cells: Object.fromEntries(headings.slice(1).map((heading, i) => [heading, cells[i] ?? ''])),
  }));
}

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../..');
const PREFIX = 'DMA_TESTDEV_';
const header = await readFile(join(ROOT, 'qemu/dma-testdev/dma-testdev-regs.h'), 'utf8');
const page = await readFile(join(ROOT, 'docs/dma-testdev.md'), 'utf8');

/** Constants that say how the header is made, and not what the device is. */
const NOT_DESCRIBED = /^(REGS_H|BAR_\w+|QUEUE|NR_\w+|F_ALL|VERSION_1_0|DB_PAGE_SIZE)$/;

/** The blocks of registers: what the names begin with, and which constants are registers. */
const BLOCKS = [
  { prefix: '', names: /^(ID|VERSION|OPS|QUEUES|PASID_BITS|RESET|SNAPSHOT|COUNTERS)$/ },
  { prefix: 'QUEUE_', names: /^QUEUE_(PASID|ENABLE|STATE|VECTOR)$/ },
  { prefix: 'DB_', names: /^DB_(?!PAGE_SIZE$)/ },
] as const;

/** What the page puts in front of a name that the header calls more than it does. */
const ENUM_PREFIX: Readonly<Record<string, string>> = { dma_testdev_queue_error: 'ERROR_' };

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, number = '', name = '']) => `${number} ${name}`);
const constants = [...header.matchAll(/^#define DMA_TESTDEV_(\w+)(?:\(n\))?\s+(\S+)/gm)].map(
  ([, name = '', value = '']) => ({ name, value }),
);

test('the header has what these tests look for', (t) => {
  t.true(constants.length > 40);
  t.is(enums().length, 5);
  t.is(structs().length, 3);
});

for (const { name } of constants.filter((one) => !NOT_DESCRIBED.test(one.name))) {
  test(`${PREFIX}${name} is described`, (t) => {
    const own = name.replace(/^(DB|QUEUE|CONTROL)_/, '').replace(/^(PASID|VECTOR)_/, '');
    t.regex(page, new RegExp(`(^|[^A-Z_])(${name}|${own})([^A-Z_]|$)`, 'm'));
  });
}

for (const { prefix, names } of BLOCKS) {
  for (const { name, value } of constants.filter((one) => names.test(one.name))) {
    test(`register ${name} is at its offset`, (t) => {
      const digits = Number(value).toString(16);
      const own = name.slice(prefix.length);
      t.true(
        rows.some((row) => new RegExp(`^0*${digits} ${own}$`).test(row)),
        `no row "${digits} | ${own}"`,
      );
    });
  }
}

for (const [kind, names] of enums()) {
  test(`each value of ${kind} is in the page`, (t) => {
    for (const [value, name] of names.entries()) {
      if (name.startsWith('NR_')) continue;
      const own = name.slice((ENUM_PREFIX[kind] ?? '').length);
      t.true(rows.includes(`${value} ${own}`), `no row "${value} | ${own}"`);
    }
  });
}

for (const [kind, fields] of structs()) {
  test(`each field of ${kind} is in the page`, (t) => {
    for (const { offset, name } of fields) {
      const row = `${offset.toString(16).padStart(2, '0')} ${name}`;
      t.true(rows.includes(row), `no row "${row.replace(' ', ' | ')}"`);
    }
  });
}

for (const [name, bit] of flags()) {
  test(`flag ${name} is at its bit`, (t) => {
    t.true(rows.includes(`${bit} ${name}`));
  });
}

/** Each enumeration and its names in order; none has a value of its own. */
function enums(): [string, string[]][] {
  return [...header.matchAll(/^enum (\w+) \{\n(.*?)^\};/gms)].map(([, kind = '', body = '']) => [
    kind,
    [...body.matchAll(/^\tDMA_TESTDEV_(\w+)\s*,/gm)].map((match) => match[1] as string),
  ]);
}

/** Each structure and its fields; all are naturally aligned, so none is padded. */
function structs(): [string, { offset: number; name: string }[]][] {
  return [...header.matchAll(/^struct (\w+) \{\n(.*?)^\};/gms)].map(([, kind = '', body = '']) => {
    let offset = 0;
    const fields = [...body.matchAll(/^\tuint(\d+)_t (\w+);/gm)].map(([, bits, name = '']) => {
      const field = { offset, name };
      offset += Number(bits) / 8;
      return field;
    });
    return [kind, fields];
  });
}

function flags(): [string, number][] {
  return [...header.matchAll(/^#define DMA_TESTDEV_(F_\w+)\s+\(1u << (\d+)\)/gm)].map(
    ([, name = '', bit]) => [name, Number(bit)],
  );
}

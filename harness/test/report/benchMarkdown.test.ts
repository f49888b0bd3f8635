// SPDX-License-Identifier: MIT
import test from 'ava';
import { benchMarkdown } from '../../report/benchMarkdown.ts';
import type { Bench } from '../../schema/bench.ts';

const anon = { backing: 'anon', state: 'present', amount: 65536 };
const bench = {
  pinlab: { version: '0.1.0' },
  command: ['pinlab', 'bench', '--output', '/somewhere', '--series', 'a b.mbox'],
  inputs: {
    kernel: { version: '6.12.118-1', series: [], imageSha256: 'ab'.repeat(32), configSha256: '' },
    qemu: { version: '10.0', patches: [], sha256: '' },
    guestTests: { sha256: '' },
  },
  boots: 2,
  figures: [
    { operation: 'PIN', ...anon, instructions: 6326 },
    { operation: 'mlock', ...anon, amount: 2 ** 26, instructions: 19901 },
  ],
  unproven: [{ operation: 'UNPIN', ...anon, counted: [1, 2] }],
} as unknown as Bench;

test('the page has the command, the inputs, and each figure in its row', (t) => {
  const lines = benchMarkdown(bench).split('\n');
  t.true(lines.some((line) => line.includes("`pinlab bench --series 'a b.mbox'`")));
  t.true(lines.some((line) => line.includes(`image \`${'ab'.repeat(8)}\``)));
  const heading = lines.indexOf('## present');
  t.deepEqual(lines.slice(heading + 2, heading + 6), [
    '|  |  | PIN | mlock |',
    '|---|--:|--:|--:|',
    '| anon | 64 KiB | 6326 | - |',
    '| anon | 64 MiB | - | 19901 |',
  ]);
});

test('what is unproven is on the page', (t) => {
  t.true(benchMarkdown(bench).includes('\nunproven: UNPIN, anon, present, 64 KiB: 1, 2\n'));
});

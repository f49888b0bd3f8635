// SPDX-License-Identifier: MIT
import test from 'ava';
import { heatOf, matrixHtml } from '../../report/matrixHtml.ts';
import { matrixMarkdown } from '../../report/matrixMarkdown.ts';
import { cellText, matrixTable } from '../../report/matrixTable.ts';
import { cell, sampleMatrix } from '../schema/matrixSample.ts';
import { CONTROLS } from './hostile.ts';

const CELLS = [
  cell({ column: 'none', stalls: 16, moved: 16 }),
  cell(),
  cell({ row: 'mremap', column: 'none', outcome: 'not applicable', reason: 'why not' }),
  cell({ row: 'mremap', aborted: true }),
];

test('a cell shows its stalls and what else came of it', (t) => {
  t.is(cellText(cell()), '0');
  t.is(cellText(cell({ stalls: 16, moved: 2 })), '16 m');
  t.is(cellText(cell({ during: { stalls: 1, moved: 0, aborted: true, passes: 3 } })), '0 a d');
  t.is(cellText(cell({ during: { stalls: 0, moved: 2, aborted: false, passes: 3 } })), '0 m');
  t.is(cellText(cell({ wrong: true })), '0 WRONG');
  t.is(cellText(cell({ outcome: 'prevented' })), 'off');
  t.is(cellText(cell({ outcome: 'lost' })), 'LOST');
});

test('the table has a row for each event and a column for each protection', (t) => {
  const lines = matrixTable(sampleMatrix(CELLS)).split('\n');
  t.deepEqual(lines.slice(0, 4), [
    '6.12, HTTU 0',
    '        none  mempinfd, full series',
    'KSM     16 m  0',
    'mremap  -     0 a',
  ]);
  t.regex(
    lines.join('\n'),
    /changed:\n {2}6\.12, HTTU 0: KSM \/ none: nothing → every page stalls/,
  );
});

test('what a guest said of a cell acts on no terminal', (t) => {
  const lost = cell({ outcome: 'lost', reason: '\x1b[2Jgone\nchanged:' });
  const text = matrixTable({ ...sampleMatrix([lost]), error: '\x1b]0;owned\x07stopped' });
  t.notRegex(text, CONTROLS);
  t.regex(text, /lost, gone.changed:\n/);
  t.regex(text, /ended early: stopped\n/);
});

test('the page says how to make it again, and why a cell is empty', (t) => {
  const page = matrixMarkdown(sampleMatrix(CELLS));
  t.regex(page, /`pinlab matrix`/);
  t.regex(page, /in 1\.5 minutes \(1 guests side by side on 2 CPUs\)\./);
  t.regex(page, /6\.12\.118-1 \| image `a{16}`/);
  t.regex(page, /\| \*KSM\* \| 16 m \| 0 \|/);
  t.regex(page, /\| mremap \| none \| not applicable \| why not \|/);
});

test('a reason from the guest stays in its cell of the page', (t) => {
  const lost = cell({ outcome: 'lost', reason: 'a | b\n<img src=x> \x1b[2J`' });
  const page = matrixMarkdown(sampleMatrix([lost]));
  t.notRegex(page, CONTROLS);
  t.regex(page, /^\| KSM .* \| lost \| a \\\| b.\\<img src=x> .*\\` \|$/m);
});

test('where the output went is nobody else’s business', (t) => {
  const command = ['pinlab', 'matrix', '--output', '/home/me', '--rows', '^(a|b)$'];
  const page = matrixMarkdown({ ...sampleMatrix(CELLS), command });
  t.regex(page, /`pinlab matrix --rows '\^\(a\|b\)\$'`/);
  t.false(page.includes('/home/me'));
});

test('a broken promise is on the page with its reason', (t) => {
  const expected = { reasons: [{ row: 'KSM', reason: 'it cannot be helped' }], cells: {} };
  const page = matrixMarkdown(sampleMatrix([cell({ stalls: 16 })], expected));
  t.regex(page, /\| 6\.12, HTTU 0 \| KSM \| every page stalls \| it cannot be helped \|/);
});

test('the heat map needs nothing else, and shows untrusted text as text', (t) => {
  const html = matrixHtml(
    sampleMatrix([...CELLS, cell({ column: 'gup', outcome: 'failed', reason: '<script>' })]),
  );
  t.regex(html, /class="hot changed" title="16 stalls on 16 pages, 16 moved/);
  t.false(html.includes('<script'));
  t.false(/src=|href=/.test(html));
});

test('heat is the share of pages that stall; what is wrong or lost is louder', (t) => {
  t.is(heatOf(cell()), 'cold');
  t.is(heatOf(cell({ stalls: 1 })), 'warm');
  t.is(heatOf(cell({ during: { stalls: 1, moved: 0, aborted: false, passes: 1 } })), 'warm');
  t.is(heatOf(cell({ stalls: 16 })), 'hot');
  t.is(heatOf(cell({ wrong: true })), 'bad');
  t.is(heatOf(cell({ outcome: 'lost' })), 'bad');
  t.is(heatOf(cell({ outcome: 'inconclusive' })), 'void');
});

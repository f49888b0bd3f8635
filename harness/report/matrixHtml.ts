// SPDX-License-Identifier: MIT
import type { Matrix, MatrixCell } from '../schema/matrix.ts';
import { htmlDocument } from './htmlDocument.ts';
import { escapeLine, escapeLines } from './markup.ts';
import { cellAt, cellText, complaints, LEGEND, summaryText } from './matrixTable.ts';

/** Heat by share of the pages that stall; what is no measurement is grey or loud. */
const STYLE = `
.heat td { text-align: center; white-space: nowrap; min-width: 3.5rem; border: 1px solid var(--line); }
.heat th { white-space: nowrap; }
.heat thead th { vertical-align: bottom; }
.heat .cold { background: light-dark(#d1fae5, #064e3b); }
.heat .warm { background: light-dark(#fde68a, #78550a); }
.heat .hot { background: light-dark(#fca5a5, #7f1d1d); }
.heat .void { opacity: 0.5; }
.heat .bad { background: light-dark(#b91c1c, #f87171); color: light-dark(#fff, #000); font-weight: 700; }
.heat .changed { outline: 3px solid currentColor; }
.kernel { font-style: italic; }
`;

/** The matrix as a heat map: one page that needs no other file. */
export function matrixHtml(matrix: Matrix): string {
  const color = matrix.summary.exitCode === 0 ? 'pass' : 'fail';
  const maps = matrix.machines.map((machine) => heatMap(matrix, machine)).join('\n');
  const complaint = complaints(matrix).map((text) => `<pre>${escapeLines(text)}</pre>`);
  return htmlDocument({
    title: 'pinlab: the fault matrix',
    style: STYLE,
    body: `<h1>The fault matrix</h1>
<p id="summary" class="${color}">${escapeLine(summaryText(matrix))}</p>
<p><code>${escapeLine(matrix.command.join(' '))}</code></p>
<p>${escapeLine(LEGEND)} Rows in italics are started by the kernel itself.
Colours: <span class="heat"><span class="cold">no stall</span> <span class="warm">some or when busy</span>
<span class="hot">every page</span></span>. A cell tells more when pointed at.</p>
${complaint.join('\n')}
${maps}`,
  });
}

function heatMap(matrix: Matrix, machine: string): string {
  const heads = ['event', ...matrix.columns].map((name) => `<th>${escapeLine(name)}</th>`).join('');
  const rows = matrix.rows.map(({ name, cause }) => {
    const cells = matrix.columns.map((column) => cellHtml(matrix, machine, name, column)).join('');
    return `<tr><th class="${cause}">${escapeLine(name)}</th>${cells}</tr>`;
  });
  return `<h2>Linux ${escapeLine(machine)}</h2>
<div class="wide"><table class="heat">
<thead><tr>${heads}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>`;
}

function cellHtml(matrix: Matrix, machine: string, row: string, column: string): string {
  const cell = cellAt(matrix, machine, row, column);
  if (!cell) return '<td></td>';
  const isChanged = matrix.changes.some(
    (change) => change.machine === machine && change.row === row && change.column === column,
  );
  const classes = `${heatOf(cell)}${isChanged ? ' changed' : ''}`;
  return `<td class="${classes}" title="${escapeLine(details(cell))}">${escapeLine(cellText(cell))}</td>`;
}

/** How bad a cell is, as a class of the page. */
export function heatOf(cell: MatrixCell): 'cold' | 'warm' | 'hot' | 'void' | 'bad' {
  if (cell.outcome === 'lost' || cell.outcome === 'failed' || cell.wrong) return 'bad';
  if (cell.outcome === 'prevented') return 'cold';
  if (cell.outcome !== 'measured') return 'void';
  const { stalls = 0, pages = 1, during } = cell;
  if (stalls >= pages || cell.aborted) return 'hot';
  return stalls > 0 || (during?.stalls ?? 0) > 0 || during?.aborted ? 'warm' : 'cold';
}

function details(cell: MatrixCell): string {
  const { outcome, reason, pages = 0, stalls = 0, moved = 0, during, aborted } = cell;
  if (outcome !== 'measured') return reason === undefined ? outcome : `${outcome}: ${reason}`;
  const whole = `${stalls} stalls on ${pages} pages, ${moved} moved${aborted ? ', refused' : ''}`;
  if (!during) return whole;
  const refused = during.aborted ? ', then refused' : '';
  return `${whole}; when busy ${during.stalls} stalls, ${during.moved} moved, ${during.passes} passes${refused}`;
}

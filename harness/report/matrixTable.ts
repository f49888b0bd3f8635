// SPDX-License-Identifier: MIT
import type { Matrix, MatrixCell } from '../schema/matrix.ts';
import { printable } from '../schema/printable.ts';

/** What a cell shows of itself: the stalls, or why there are none to show. */
export function cellText(cell: MatrixCell | undefined): string {
  if (!cell) return '';
  if (cell.outcome !== 'measured') return OUTCOMES[cell.outcome];
  const marks = [
    ...((cell.moved ?? 0) > 0 || (cell.during?.moved ?? 0) > 0 ? ['m'] : []),
    ...(cell.aborted || cell.during?.aborted ? ['a'] : []),
    ...((cell.during?.stalls ?? 0) > 0 ? ['d'] : []),
    ...(cell.wrong ? ['WRONG'] : []),
  ];
  return [`${cell.stalls ?? 0}`, ...marks].join(' ');
}

const OUTCOMES = {
  measured: '',
  'not applicable': '-',
  inconclusive: '?',
  prevented: 'off',
  failed: 'FAILED',
  lost: 'LOST',
} as const;

/** What the marks mean, for below a table. */
export const LEGEND =
  'Stalls when the device touches every page again after the event. ' +
  'm: pages moved, a: the device was refused, d: stalls of a device that was busy meanwhile, ' +
  'off: the protection switches the event off, -: cannot be had, ?: the event did not take place.';

/** The cell at a place of the matrix. */
export function cellAt(
  matrix: Pick<Matrix, 'cells'>,
  machine: string,
  row: string,
  column: string,
) {
  return matrix.cells.find(
    (cell) => cell.machine === machine && cell.row === row && cell.column === column,
  );
}

/** The matrix as text: a table for each machine, then what is not as it should be. */
export function matrixTable(matrix: Matrix): string {
  const tables = matrix.machines.map((machine) => `${machine}\n${table(matrix, machine)}`);
  return `${[...tables, LEGEND, ...complaints(matrix), summaryText(matrix)].join('\n\n')}\n`;
}

function table(matrix: Matrix, machine: string): string {
  const lines = [
    ['', ...matrix.columns],
    ...matrix.rows.map(({ name }) => [
      name,
      ...matrix.columns.map((column) => cellText(cellAt(matrix, machine, name, column))),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((l) => l[i]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One block for each kind of complaint; empty where there is none. */
export function complaints({ changes, broken, cells, error }: Matrix): string[] {
  const lost = cells.filter(({ outcome }) => ['lost', 'failed', 'inconclusive'].includes(outcome));
  return [
    ...(error === undefined ? [] : [printable(`ended early: ${error}`)]),
    ...block(
      'changed:',
      changes.map(
        ({ expected = 'nothing', found, ...at }) => `${place(at)}: ${expected} → ${found}`,
      ),
    ),
    ...block(
      'the full series does not keep its promise:',
      broken.map(
        ({ found, reason = 'no reason is known', ...at }) => `${place(at)}: ${found} (${reason})`,
      ),
    ),
    ...block(
      'without a verdict:',
      lost.map(({ outcome, reason = '', ...at }) => `${place(at)}: ${outcome}, ${reason}`),
    ),
  ];
}

function block(head: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : [[head, ...lines.map((line) => `  ${printable(line)}`)].join('\n')];
}

function place({ machine, row, column }: { machine: string; row: string; column: string }): string {
  return `${machine}: ${row} / ${column}`;
}

/** The totals in one line. */
export function summaryText({ summary, durationMs, host }: Matrix): string {
  const { cells, conclusive, lost, wrong, changed, broken, splats } = summary;
  const minutes = (durationMs / 60_000).toFixed(1);
  return (
    `${conclusive} of ${cells} cells conclusive, ${changed} changed, ${wrong} with wrong bytes, ` +
    `${lost} lost, ${broken} promises broken, ${splats} splats, in ${minutes} minutes ` +
    `(${host.jobs} guests side by side on ${host.cpus} CPUs)`
  );
}

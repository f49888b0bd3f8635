// SPDX-License-Identifier: MIT
import type { Matrix } from '../schema/matrix.ts';
import { isConclusive } from '../schema/matrixVerdict.ts';
import { printable } from '../schema/printable.ts';
import { cellAt, cellText, LEGEND, summaryText } from './matrixTable.ts';
import { again, inputsTable } from './provenance.ts';

/** The matrix as a page of the documentation, with what is needed to make it again. */
export function matrixMarkdown(matrix: Matrix): string {
  return [
    '<!-- SPDX-License-Identifier: MIT -->',
    '# The fault matrix',
    '',
    INTRODUCTION,
    '',
    `Made by \`${again(matrix.command)}\`, pinlab ${matrix.pinlab.version}: ${summaryText(matrix)}.`,
    '',
    ...inputsTable(matrix.inputs.kernels, matrix.inputs.qemu, matrix.inputs.guestTests),
    '',
    `${LEGEND} Rows in *italics* are started by the kernel itself, the others by a process that asks for them.`,
    ...matrix.machines.flatMap((machine) => [
      '',
      `## Linux ${machine}`,
      '',
      ...table(matrix, machine),
    ]),
    ...reasons(matrix),
    '',
  ].join('\n');
}

const INTRODUCTION =
  'What happens to a buffer that a device uses, while the event of a row does what it does, and ' +
  'what the protection of a column is worth against it. The device counts for itself. Each row ' +
  'has a twin, an equal buffer without the protection, which proves that the event took place. ' +
  'The SMMU keeps no translations, so none hides what the kernel did. drop_caches takes no page ' +
  'that is mapped, protected or not: its row is zero throughout, and its twin is not mapped.';

function table(matrix: Matrix, machine: string): string[] {
  return [
    `| event | ${matrix.columns.join(' | ')} |`,
    `|---|${matrix.columns.map(() => '--:').join('|')}|`,
    ...matrix.rows.map(({ name, cause }) => {
      const cells = matrix.columns.map((column) => cellText(cellAt(matrix, machine, name, column)));
      const head = cause === 'kernel' ? `*${name}*` : name;
      return `| ${head} | ${cells.join(' | ')} |`;
    }),
  ];
}

/** Why cells are empty, and where the series promises too much: each reason once. */
function reasons({ cells, broken }: Matrix): string[] {
  const told = new Set(
    cells.flatMap(({ row, column, outcome, reason }) =>
      outcome === 'not applicable' || !isConclusive({ outcome })
        ? [`| ${row} | ${column} | ${outcome} | ${inCell(reason ?? '')} |`]
        : [],
    ),
  );
  const promises = broken.map(
    ({ machine, row, found, reason = 'no reason is known' }) =>
      `| ${machine} | ${row} | ${found} | ${inCell(reason)} |`,
  );
  return [
    ...section('Cells without a measurement', '| event | protection | | reason |', 4, [...told]),
    ...section(
      'Kernel-started rows that are not zero with the full series',
      '| machine | event | found | reason |',
      4,
      promises,
    ),
  ];
}

function section(title: string, head: string, columns: number, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ['', `## ${title}`, '', head, `|${'---|'.repeat(columns)}`, ...lines];
}

/** What a guest or a file said, as text in a cell of a table (CommonMark 2.4). */
function inCell(text: string): string {
  return printable(text).replace(/[\\|<&`]/g, '\\$&');
}

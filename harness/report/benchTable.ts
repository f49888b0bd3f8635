// SPDX-License-Identifier: MIT
import type { Bench, Figure } from '../schema/bench.ts';

/** The figures as tables, one for each state of the memory: a row for each memory, a column for each operation. */
export function benchTable(bench: Bench): string {
  const tables = benchTables(bench).map(({ state, lines }) => `${state}\n${aligned(lines)}`);
  const open = unprovenLines(bench);
  return `${[...tables, ...(open.length > 0 ? [open.join('\n')] : [])].join('\n\n')}\n`;
}

/** Each table's cells; the first line heads the columns, the first two columns head the lines. */
export function benchTables({ figures }: Bench): { state: string; lines: string[][] }[] {
  const states = Map.groupBy(figures, ({ state }) => state);
  return [...states].map(([state, members]) => ({ state, lines: cells(members) }));
}

/** The figures on which the boots did not agree. */
export function unprovenLines({ unproven }: Bench): string[] {
  return unproven.map(
    ({ operation, backing, state, amount, counted }) =>
      `unproven: ${operation}, ${backing}, ${state}, ${inUnits(state, amount)}: ${counted.join(', ')}`,
  );
}

function cells(figures: readonly Figure[]): string[][] {
  const operations = [...new Set(figures.map(({ operation }) => operation))];
  const rows = Map.groupBy(figures, ({ backing, state, amount }) =>
    [backing, inUnits(state, amount)].join('\t'),
  );
  return [
    ['', '', ...operations],
    ...[...rows].map(([head, members]) => [
      ...head.split('\t'),
      ...operations.map((name) => count(members, name)),
    ]),
  ];
}

function aligned(lines: readonly string[][]): string {
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, i) => pad(cell, i, widths ?? [])).join('  '))
    .join('\n');
}

function count(row: readonly Figure[], operation: string): string {
  return `${row.find((figure) => figure.operation === operation)?.instructions ?? '-'}`;
}

/** Words to the left, numbers to the right. */
function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column < 1 ? cell.padEnd(width) : cell.padStart(width);
}

function inUnits(state: string, amount: number): string {
  if (state.includes('ranges')) return `${amount}`;
  return amount < 2 ** 20 ? `${amount / 2 ** 10} KiB` : `${amount / 2 ** 20} MiB`;
}

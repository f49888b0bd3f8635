// SPDX-License-Identifier: MIT
import { EXIT, type ExitCode } from '../errors.ts';
import type { ExpectedMatrix, Matrix, MatrixCell } from './matrix.ts';

/** The column of the whole series, which promises something. */
export const FULL_SERIES = 'mempinfd, full series';
/** The column of no protection at all, which says whether there is something to protect from. */
export const UNPROTECTED = 'none';

const CONCLUSIVE = ['measured', 'prevented', 'not applicable'];

/** Whether something is known of the cell. */
export function isConclusive({ outcome }: Pick<MatrixCell, 'outcome'>): boolean {
  return CONCLUSIVE.includes(outcome);
}

/**
 * A cell in words that two runs must agree on: `every page stalls, moved`. How many pages of some
 * stalled, and what happened during the event, depends on the moment and is no part of it.
 */
export function verdictOf(cell: MatrixCell): string {
  if (cell.outcome !== 'measured') return cell.outcome;
  return [
    stallsWord(cell),
    ...((cell.moved ?? 0) > 0 ? ['moved'] : []),
    ...(cell.aborted ? ['aborted'] : []),
    ...(cell.wrong ? ['wrong bytes'] : []),
  ].join(', ');
}

function stallsWord({ stalls = 0, pages = 0 }: MatrixCell): string {
  if (stalls === 0) return 'no stall';
  return stalls >= pages ? 'every page stalls' : 'some pages stall';
}

/** Cells with that outcome of the protection count only if the event does happen without it. */
export function doubtPrevented(cells: readonly MatrixCell[]): MatrixCell[] {
  const happens = new Set(
    cells
      .filter(({ column, outcome }) => column === UNPROTECTED && outcome === 'measured')
      .map(({ machine, row }) => `${machine}/${row}`),
  );
  return cells.map((cell) =>
    cell.outcome === 'prevented' && !happens.has(`${cell.machine}/${cell.row}`)
      ? { ...cell, outcome: 'inconclusive', reason: 'nothing shows that it happens otherwise' }
      : cell,
  );
}

/** The cells whose verdict is not the one that is checked in. */
export function changesOf(
  cells: readonly MatrixCell[],
  { cells: known }: ExpectedMatrix,
): Matrix['changes'] {
  return cells.flatMap((cell) => {
    const { machine, row, column } = cell;
    const expected = known[machine]?.[row]?.[column];
    const found = verdictOf(cell);
    if (expected === found) return [];
    return [{ machine, row, column, ...(expected === undefined ? {} : { expected }), found }];
  });
}

/** Where the full series did not keep the kernel from disturbing the device. */
export function brokenPromises(
  cells: readonly MatrixCell[],
  rows: Matrix['rows'],
  { reasons }: ExpectedMatrix,
): Matrix['broken'] {
  const ofKernel = new Set(rows.filter(({ cause }) => cause === 'kernel').map(({ name }) => name));
  return cells
    .filter((cell) => cell.column === FULL_SERIES && ofKernel.has(cell.row) && isDisturbed(cell))
    .map(({ machine, row, column, ...cell }) => {
      const given = reasons.find(
        (known) => known.row === row && (known.machines?.includes(machine) ?? true),
      );
      const found = disturbance({ machine, row, column, ...cell });
      return { machine, row, column, found, ...(given ? { reason: given.reason } : {}) };
    });
}

function isDisturbed({ outcome, stalls = 0, moved = 0, aborted, during }: MatrixCell): boolean {
  if (outcome !== 'measured') return false;
  if (stalls > 0 || moved > 0 || aborted === true) return true;
  return during !== undefined && (during.stalls > 0 || during.moved > 0 || during.aborted);
}

function disturbance(cell: MatrixCell): string {
  const { stalls = 0, moved = 0, aborted = false } = cell.during ?? {};
  const during = [
    ...(stalls > 0 ? [`${stalls} stalls`] : []),
    ...(moved > 0 ? [`${moved} moved`] : []),
    ...(aborted ? ['refused'] : []),
  ];
  const busy = during.length > 0 ? `; of a busy device ${during.join(', ')}` : '';
  return `${verdictOf(cell)}${busy}`;
}

/** The totals of a matrix, and the exit code that it deserves; `aborted` is that of what ended it early. */
export function summariseMatrix(
  matrix: Pick<Matrix, 'cells' | 'changes' | 'broken' | 'splats'>,
  aborted: ExitCode = EXIT.ok,
): Matrix['summary'] {
  const { cells, changes, broken, splats } = matrix;
  const having = (wanted: readonly string[]) =>
    cells.filter(({ outcome }) => wanted.includes(outcome)).length;
  const totals = {
    cells: cells.length,
    conclusive: cells.filter(isConclusive).length,
    inconclusive: having(['inconclusive']),
    notApplicable: having(['not applicable']),
    lost: having(['lost', 'failed']),
    wrong: cells.filter(({ wrong }) => wrong).length,
    changed: changes.length,
    broken: broken.filter(({ reason }) => reason === undefined).length,
    splats: splats.filter(({ allowed }) => allowed === undefined).length,
  };
  const { wrong, broken: promises, splats: reports } = totals;
  // What ended the run early explains each cell that is lost, and no other change.
  const changed = changes.filter(({ found }) => found !== 'lost').length;
  const proved = wrong + promises + reports + changed > 0;
  const exitCode = exitCodeOf(
    { proved, lost: totals.lost, measured: having(['measured']) },
    aborted,
  );
  return { ...totals, exitCode };
}

/** Ranked as for a run: what is proved bad outranks an error of ours, which explains what is lost. */
function exitCodeOf(
  { proved, lost, measured }: { proved: boolean; lost: number; measured: number },
  aborted: ExitCode,
): ExitCode {
  if (aborted === EXIT.interrupted) return EXIT.interrupted;
  if (proved) return EXIT.failed;
  if (aborted !== EXIT.ok) return aborted;
  if (lost > 0) return EXIT.failed;
  return measured > 0 ? EXIT.ok : EXIT.infra;
}

/** Why nothing of a matrix may be checked in. */
export function unfitBecause({ error, summary }: Matrix): string | undefined {
  if (error !== undefined) return `the run ended early: ${error}`;
  return summary.lost > 0 ? `${summary.lost} cells are lost` : undefined;
}

/** What to check in so that these cells are expected, and all others stay as they were. */
export function expecting(cells: readonly MatrixCell[], before: ExpectedMatrix): ExpectedMatrix {
  const known = structuredClone(before.cells);
  for (const cell of cells) {
    if (!isConclusive(cell)) continue;
    known[cell.machine] ??= {};
    const rows = known[cell.machine] ?? {};
    rows[cell.row] = { ...rows[cell.row], [cell.column]: verdictOf(cell) };
  }
  return { reasons: before.reasons, cells: known };
}

/** The same cells, judged by other expectations. */
export function comparedWith(matrix: Matrix, expected: ExpectedMatrix): Matrix {
  const changes = changesOf(matrix.cells, expected);
  const broken = brokenPromises(matrix.cells, matrix.rows, expected);
  const summary = summariseMatrix({ ...matrix, changes, broken });
  return { ...matrix, changes, broken, summary };
}

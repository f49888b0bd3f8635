// SPDX-License-Identifier: MIT
import {
  type ExpectedMatrix,
  MATRIX_SCHEMA,
  type Matrix,
  type MatrixCell,
} from '../../schema/matrix.ts';
import {
  brokenPromises,
  changesOf,
  FULL_SERIES,
  summariseMatrix,
} from '../../schema/matrixVerdict.ts';

export const MACHINE = '6.12, HTTU 0';
export const NOTHING_EXPECTED: ExpectedMatrix = { reasons: [], cells: {} };

/** A measured cell in which nothing happened to the device, but for what is given. */
export function cell(given: Partial<MatrixCell> = {}): MatrixCell {
  return {
    ...{ machine: MACHINE, row: 'KSM', column: FULL_SERIES, outcome: 'measured' },
    ...{ pages: 16, stalls: 0, moved: 0, wrong: false, aborted: false },
    during: { stalls: 0, moved: 0, aborted: false, passes: 10 },
    ...given,
  };
}

/** The document of a run that filled `cells`. */
export function sampleMatrix(
  cells: MatrixCell[],
  expected: ExpectedMatrix = NOTHING_EXPECTED,
): Matrix {
  const rows = [...new Set(cells.map(({ row }) => row))].map((name) => ({
    name,
    cause: name === 'mremap' ? ('process' as const) : ('kernel' as const),
  }));
  const sha256 = 'a'.repeat(64);
  const changes = changesOf(cells, expected);
  const broken = brokenPromises(cells, rows, expected);
  return {
    schema: MATRIX_SCHEMA,
    pinlab: { version: '0.1.0' },
    command: ['pinlab', 'matrix'],
    startedAt: '2026-11-25T12:00:00.000Z',
    durationMs: 90_000,
    host: { cpus: 2, jobs: 1 },
    inputs: {
      kernels: [
        {
          ...{ source: 'linux-source-6.12', version: '6.12.118-1', flavour: 'base', series: [] },
          ...{ configSha256: sha256, imageSha256: sha256, compiler: 'gcc' },
        },
      ],
      qemu: { version: '10.0', patches: [], sha256 },
      guestTests: [{ sha256 }],
    },
    machines: [...new Set(cells.map(({ machine }) => machine))],
    rows,
    columns: [...new Set(cells.map(({ column }) => column))],
    ...{ cells, splats: [], changes, broken },
    summary: summariseMatrix({ cells, changes, broken, splats: [] }),
  };
}

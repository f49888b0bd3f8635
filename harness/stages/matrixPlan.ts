// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { OurSeries } from '../kernel/ourSeries.ts';
import type { Machine } from '../qemu/args.ts';
import { cause } from '../schema/matrix.ts';
import { FULL_SERIES, UNPROTECTED } from '../schema/matrixVerdict.ts';
import { SSID_BITS, testMachine } from './machine.ts';

/** A protection as a column of the matrix. */
interface Column {
  name: string;
  /** What the guest calls it. */
  protection: string;
  /** The kernel that it is measured on: that of today, but for the last. */
  series: OurSeries;
}

const TODAY = 'ours-without-mm';

const COLUMNS: readonly Column[] = [
  { name: UNPROTECTED, protection: 'none', series: TODAY },
  { name: 'mlock', protection: 'mlock', series: TODAY },
  { name: 'mlock, sysctls off', protection: 'mlock+sysctl', series: TODAY },
  { name: 'MAP_HUGETLB', protection: 'hugetlb', series: TODAY },
  { name: 'io_uring buffer', protection: 'io_uring', series: TODAY },
  { name: 'GUP pin', protection: 'gup', series: TODAY },
  { name: 'mempinfd', protection: 'mempinfd', series: TODAY },
  { name: 'mempinfd, mlock', protection: 'mempinfd+mlock', series: TODAY },
  { name: FULL_SERIES, protection: 'mempinfd', series: 'ours' },
];

/** A line of `matrix --list`. */
const listed = z.strictObject({
  row: z.string(),
  column: z.string(),
  cause,
  control: z.boolean(),
});

export type ListedCell = z.infer<typeof listed>;

/** Reads what `matrix --list` prints. */
export function parseCells(text: string): ListedCell[] {
  return text
    .trim()
    .split('\n')
    .map((line) => listed.parse(JSON.parse(line)));
}

/** What a user chose of the matrix. */
export interface MatrixSelection {
  bases: readonly string[];
  httu: readonly number[];
  rows?: RegExp | undefined;
  columns?: RegExp | undefined;
}

/** The guests of one machine with one kernel, and the cells that they fill, row by row. */
export interface MatrixJob {
  machine: string;
  base: string;
  httu: number;
  series: OurSeries;
  rows: { name: string; columns: Column[] }[];
}

export interface MatrixPlan {
  rows: { name: string; cause: ListedCell['cause'] }[];
  columns: string[];
  machines: string[];
  jobs: MatrixJob[];
}

/** The part of the matrix that `selection` names. Negative controls only where it says `control`. */
export function planMatrix(cells: readonly ListedCell[], selection: MatrixSelection): MatrixPlan {
  const wanted = cells.filter((cell) => isWanted(cell, selection.rows));
  const rows = [...new Map(wanted.map(({ row, cause: by }) => [row, by]))].map(([name, by]) => ({
    name,
    cause: by,
  }));
  const columns = COLUMNS.filter(({ name }) => selection.columns?.test(name) ?? true);
  const machines = selection.bases.flatMap((base) =>
    selection.httu.map((httu) => ({ base, httu, machine: machineName(base, httu) })),
  );
  const jobs = machines.flatMap((machine) =>
    [...Map.groupBy(columns, ({ series }) => series)].map(([series, own]) => ({
      ...machine,
      series,
      rows: rows.map(({ name }) => ({ name, columns: own })),
    })),
  );
  return {
    ...{ rows, jobs },
    columns: columns.map(({ name }) => name),
    machines: machines.map(({ machine }) => machine),
  };
}

function isWanted({ row, control }: ListedCell, rows: RegExp | undefined): boolean {
  if (control && !rows?.source.includes('control')) return false;
  return rows?.test(row) ?? true;
}

function machineName(base: string, httu: number): string {
  return `${base}, HTTU ${httu}`;
}

/** Memory that can be taken out again; arm64 needs 128 MiB at once. */
const SPARE_MIB = 128;

/**
 * The machine of a job. Its SMMU keeps no translation: what the kernel does to the page tables is
 * seen at the next access, and no cell is zero because an entry of a TLB hid it.
 */
export function matrixMachine(
  { httu }: Pick<MatrixJob, 'httu'>,
  given: Pick<Machine, 'kernel' | 'initrd'>,
): Machine {
  const machine = testMachine({
    ...given,
    smmu: { ssidsize: SSID_BITS, stall: 'on', httu, 'iotlb-size': 0 },
  });
  const spare = `virtio-mem-pci,addr=08.0,memdev=spare,requested-size=${SPARE_MIB}M`;
  const size = `${machine.memoryMiB}M,maxmem=${machine.memoryMiB + SPARE_MIB}M`;
  return {
    ...machine,
    devices: [spare],
    extra: ['-object', `memory-backend-ram,id=spare,size=${SPARE_MIB}M`, '-m', size],
  };
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { UsageError } from '../errors.ts';
import { writeReport } from '../report/file.ts';
import { matrixHtml } from '../report/matrixHtml.ts';
import { matrixMarkdown } from '../report/matrixMarkdown.ts';
import { matrixTable } from '../report/matrixTable.ts';
import {
  type ExpectedMatrix,
  expectedMatrix,
  type Matrix,
  type MatrixCell,
} from '../schema/matrix.ts';
import { comparedWith, expecting, isConclusive, unfitBecause } from '../schema/matrixVerdict.ts';
import { fillMatrix } from '../stages/fillMatrix.ts';
import type { MatrixSelection } from '../stages/matrixPlan.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { timeLimits } from '../stages/timeLimits.ts';
import { explain } from './explain.ts';
import type { Invocation } from './invocation.ts';
import { pattern } from './pattern.ts';
import { progressReporter } from './reporters.ts';
import { MOST_JOBS, MOST_SECONDS, wholeNumber } from './wholeNumber.ts';

const BASES = ['6.12', '7.3'];
const HTTU = ['0', '2'];
/** What is checked in, below the checkout. */
const EXPECTED = 'docs/results/matrix-expected.json';
const PAGE = 'docs/results/matrix.md';

/** `pinlab matrix`: what each way to protect memory is worth against each event, counted by the device. */
export function matrixCommand(invocation: Invocation) {
  return new Command('matrix')
    .description('fill the fault matrix: events, protections and machines, counted by the device')
    .option('--kernel <base>', `one of ${BASES.join(', ')}; both without`)
    .option('--httu <level>', `one of ${HTTU.join(', ')}; both without`)
    .option('--rows <regexp>', 'only events whose name matches', pattern('--rows'))
    .option('--columns <regexp>', 'only protections whose name matches', pattern('--columns'))
    .option('--output <dir>', 'where matrix.json, matrix.md and matrix.html go', 'results')
    .option('--json', 'print matrix.json on standard output instead of the table')
    .option(
      '--jobs <n>',
      'guests side by side (default: as many as fit)',
      wholeNumber('--jobs', 1, MOST_JOBS),
    )
    .option(
      '--boot-timeout <s>',
      'seconds that a boot may take (default: 60)',
      wholeNumber('--boot-timeout', 1, MOST_SECONDS),
    )
    .option('--update-expected', `write what was found to ${EXPECTED} and ${PAGE}`)
    .addHelpText('after', '\nExample:\n  $ npx pinlab matrix --kernel 6.12 --httu 0 --rows reclaim')
    .action(async (options) => {
      const { environment } = invocation;
      const output = await outputDirectory(options.output);
      const expected = await readExpected(environment.root);
      const { matrix, error } = await fillMatrix({
        workspace: invocation.workspace(progressReporter(environment)),
        version: environment.version,
        command: ['pinlab', ...invocation.argv],
        selection: selectionOf(options),
        ...{ expected, output, jobs: options.jobs },
        bootTimeoutMs: timeLimits({ flavour: 'base', ...options }).bootTimeoutMs,
        onRow: tellRow,
      });
      await writeReports(output, matrix);
      if (options.updateExpected) {
        process.stderr.write(`${await checkIn(environment.root, matrix, expected)}\n`);
      }
      process.stdout.write(options.json ? jsonText(matrix) : matrixTable(matrix));
      if (error) process.stderr.write(`${explain(error)}\n`);
      invocation.finish(matrix.summary.exitCode);
    });
}

interface Selecting {
  kernel?: string | undefined;
  httu?: string | undefined;
  rows?: string | undefined;
  columns?: string | undefined;
}

function selectionOf({ kernel, httu, rows, columns }: Selecting): MatrixSelection {
  return {
    bases: oneOf('--kernel', kernel, BASES),
    httu: oneOf('--httu', httu, HTTU).map(Number),
    rows: rows === undefined ? undefined : new RegExp(rows),
    columns: columns === undefined ? undefined : new RegExp(columns),
  };
}

function oneOf(name: string, chosen: string | undefined, all: readonly string[]) {
  if (chosen === undefined) return all;
  if (all.includes(chosen)) return [chosen];
  throw new UsageError(`${name} takes one of ${all.join(', ')}, not ${chosen}`);
}

async function readExpected(root: string): Promise<ExpectedMatrix> {
  const text = await readFile(join(root, EXPECTED), 'utf8');
  return expectedMatrix.parse(JSON.parse(text));
}

async function writeReports(output: string, matrix: Matrix) {
  await writeReport(join(output, 'matrix.json'), jsonText(matrix));
  await writeReport(join(output, 'matrix.md'), matrixMarkdown(matrix));
  await writeReport(join(output, 'matrix.html'), matrixHtml(matrix));
}

/** Makes `matrix` what is expected, if all of it is known; says what became of that. */
export async function checkIn(
  root: string,
  matrix: Matrix,
  before: ExpectedMatrix,
): Promise<string> {
  const why = unfitBecause(matrix);
  if (why !== undefined) return `not checked in: ${why}`;
  const expected = expecting(matrix.cells, before);
  await writeReport(join(root, EXPECTED), jsonText(expected));
  await writeReport(join(root, PAGE), matrixMarkdown(comparedWith(matrix, expected)));
  return `checked in: ${EXPECTED}, ${PAGE}`;
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function tellRow(cells: readonly MatrixCell[]) {
  const known = cells.filter(isConclusive).length;
  const { machine, row } = cells[0] as MatrixCell;
  process.stderr.write(`${machine}: ${row}: ${known} of ${cells.length} cells\n`);
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import type { Child } from '../../host/spawn.ts';
import { type Matrix, type MatrixCell, matrix } from '../../schema/matrix.ts';
import { FULL_SERIES } from '../../schema/matrixVerdict.ts';
import { pinlab, startPinlab, temporaryDirectory } from '../e2e/pinlab.ts';
import { childrenOf } from '../e2e/processes.ts';

const MACHINE = ['matrix', '--kernel', '6.12', '--httu', '0'];

async function readMatrix(directory: string): Promise<Matrix> {
  return matrix.parse(JSON.parse(await readFile(join(directory, 'matrix.json'), 'utf8')));
}

test.serial('a small matrix is filled, and as it is checked in', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, stdout, tail } = await pinlab([
    ...[...MACHINE, '--output', directory.path, '--json'],
    ...['--rows', '^(first touch|reclaim anon: MADV_PAGEOUT|fork, 4 KiB)$'],
    ...['--columns', `^(none|mlock|${FULL_SERIES})$`],
  ]);
  t.is(code, EXIT.ok, tail);
  const filled = matrix.parse(JSON.parse(stdout));
  t.deepEqual(await readMatrix(directory.path), filled);
  t.is(filled.cells.length, 9);
  const stalls = (column: string) => cellsOf(filled, column).map((cell) => cell.stalls);
  t.deepEqual(stalls('none'), [16, 16, 16]);
  // mlock populates and stops reclaim, but not copy-on-write.
  t.deepEqual(stalls('mlock'), [0, 0, 16]);
  t.deepEqual(stalls(FULL_SERIES), [0, 0, 0]);
  t.true(
    cellsOf(filled, FULL_SERIES).every(({ moved, during }) => moved === 0 && during?.stalls === 0),
  );
  t.regex(await readFile(join(directory.path, 'matrix.html'), 'utf8'), /class="hot"/);
  t.regex(await readFile(join(directory.path, 'matrix.md'), 'utf8'), /\| fork, 4 KiB \| 16 m/);
});

test.serial('a wrong byte and an event that does not happen are noticed', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, tail } = await pinlab([
    ...[...MACHINE, '--output', directory.path],
    ...['--rows', '^control', '--columns', '^none$'],
  ]);
  t.is(code, EXIT.failed, tail);
  const { cells, summary } = await readMatrix(directory.path);
  const control = (name: string) => cells.find(({ row }) => row === `control: ${name}`);
  t.is(cells.length, 5);
  t.is(summary.wrong, 3);
  t.like(control('a wrong byte'), { outcome: 'measured', wrong: true });
  t.like(control('nothing happens'), { outcome: 'inconclusive' });
  // The idle device of these three sees nothing.
  t.like(control('a wrong byte for a moment'), { outcome: 'measured', wrong: true });
  t.like(control('lost writes'), { outcome: 'measured', wrong: true });
  t.like(control('nothing happens to a busy device'), {
    outcome: 'inconclusive',
    reason: 'while the device was busy: the twin was left alone',
  });
});

test.serial('a guest that dies costs the cells of its row, and no finished one', async (t) => {
  await using directory = await temporaryDirectory();
  await using child = startPinlab([
    ...[...MACHINE, '--output', directory.path, '--jobs', '1'],
    ...['--rows', 'MADV_PAGEOUT$', '--columns', '^(none|mlock|MAP_HUGETLB)$'],
  ]);
  await untilFilled(child);
  const guests = (await Promise.all((await childrenOf(child.pid)).map(asQemu))).flat();
  t.is(guests.length, 1);
  for (const pid of guests) process.kill(pid, 'SIGKILL');
  t.like(await child.exited, { code: EXIT.failed });
  const { cells, summary } = await readMatrix(directory.path);
  t.true(summary.lost > 0);
  t.true(summary.lost <= 3, 'one row');
  t.is(cells.filter(({ outcome }) => outcome === 'lost').length, summary.lost);
  t.is(cells[0]?.outcome, 'measured');
});

function cellsOf({ cells }: Matrix, column: string): MatrixCell[] {
  return cells.filter((cell) => cell.column === column);
}

/** Waits until `child` has filled a first row. */
async function untilFilled(child: Child): Promise<void> {
  let output = '';
  const filled = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
      if (/^6\.12, HTTU 0: .* cells$/m.test(output)) resolve();
    });
  });
  const ended = child.exited.then(() => {
    throw new Error(`pinlab ended before its first row:\n${output}`);
  });
  await Promise.race([filled, ended]);
}

/** The process if it is a QEMU; locks are held by processes too. */
async function asQemu(pid: number): Promise<number[]> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes('qemu-system') ? [pid] : [];
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { matrix } from '../../schema/matrix.ts';
import { FULL_SERIES, isConclusive, UNPROTECTED } from '../../schema/matrixVerdict.ts';
import { pinlab, temporaryDirectory } from '../e2e/pinlab.ts';

const MACHINES = ['6.12, HTTU 0', '6.12, HTTU 2', '7.3, HTTU 0', '7.3, HTTU 2'];

/** Events that take pages away, or the right to write to them: who is not protected stalls. */
const TAKING = [
  'first touch',
  'reclaim anon: MADV_PAGEOUT',
  'reclaim anon with a copy in swap: MADV_PAGEOUT',
  'reclaim THP: MADV_PAGEOUT',
  'reclaim shmem: MADV_PAGEOUT',
  'reclaim file: MADV_PAGEOUT',
  'reclaim anon: memory.reclaim',
  'reclaim shmem: memory.reclaim',
  'reclaim file: memory.reclaim',
  'memcg limit: memory.high',
  'NUMA balancing, 4 KiB',
  'NUMA balancing, THP',
  'NUMA balancing, shared',
  'KSM',
  'fork, 4 KiB',
  'fork, THP',
  'MADV_DONTNEED',
  'munmap and mmap',
  'ftruncate',
  'punch hole',
];

test.serial('the matrix is as it is checked in, on every machine', async (t) => {
  await using directory = await temporaryDirectory();
  const command = ['matrix', '--output', directory.path];
  // Builds what is missing, which is not what is timed.
  const built = await pinlab([...command, '--rows', '^first touch$']);
  t.is(built.code, EXIT.ok, built.tail);
  const { code, stdout, tail } = await pinlab([...command, '--json']);
  t.is(code, EXIT.ok, tail);
  const { cells, rows, machines, durationMs } = matrix.parse(JSON.parse(stdout));
  t.deepEqual(machines, MACHINES);
  t.log(`${(durationMs / 60_000).toFixed(1)} minutes with nothing to build`);
  t.deepEqual(
    cells.filter((cell) => !isConclusive(cell)),
    [],
  );
  t.true(cells.every(({ wrong }) => !wrong));
  const measured = cells.filter(({ outcome }) => outcome === 'measured');
  t.true(measured.every(({ during }) => during !== undefined && during.passes > 0));
  const ofKernel = new Set(rows.filter(({ cause }) => cause === 'kernel').map(({ name }) => name));
  for (const machine of machines) {
    const own = cells.filter((cell) => cell.machine === machine);
    for (const row of TAKING) {
      const cell = own.find((found) => found.row === row && found.column === UNPROTECTED);
      t.true((cell?.stalls ?? 0) > 0, `${machine}: ${row}`);
    }
    const promised = own.filter(({ row, column }) => column === FULL_SERIES && ofKernel.has(row));
    t.is(promised.length, ofKernel.size);
    for (const { row, stalls, moved, during } of promised) {
      t.is(stalls, 0, `${machine}: ${row}`);
      t.is(moved, 0, `${machine}: ${row}`);
      t.like(during, { stalls: 0, moved: 0, aborted: false }, `${machine}: ${row}`);
    }
  }
});

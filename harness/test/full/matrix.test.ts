// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { matrix } from '../../schema/matrix.ts';
import { FULL_SERIES, isConclusive, UNPROTECTED } from '../../schema/matrixVerdict.ts';
import { pinlab, temporaryDirectory } from '../e2e/pinlab.ts';

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

test('the whole matrix of 6.12 without HTTU is as it is checked in', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, stdout, tail } = await pinlab([
    ...['matrix', '--kernel', '6.12', '--httu', '0'],
    ...['--json', '--output', directory.path],
  ]);
  t.is(code, EXIT.ok, tail);
  const { cells, rows } = matrix.parse(JSON.parse(stdout));
  t.deepEqual(
    cells.filter((cell) => !isConclusive(cell)),
    [],
  );
  t.true(cells.every(({ wrong }) => !wrong));
  for (const row of TAKING) {
    const cell = cells.find((found) => found.row === row && found.column === UNPROTECTED);
    t.true((cell?.stalls ?? 0) > 0, row);
  }
  const ofKernel = new Set(rows.filter(({ cause }) => cause === 'kernel').map(({ name }) => name));
  const promised = cells.filter(({ row, column }) => column === FULL_SERIES && ofKernel.has(row));
  t.is(promised.length, ofKernel.size);
  for (const { row, stalls, moved, during } of promised) {
    t.is(stalls, 0, row);
    t.is(moved, 0, row);
    t.is(during?.stalls ?? 0, 0, row);
  }
});

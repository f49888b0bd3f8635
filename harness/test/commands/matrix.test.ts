// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { checkIn } from '../../commands/matrix.ts';
import { exists } from '../../host/paths.ts';
import { cell, NOTHING_EXPECTED, sampleMatrix } from '../schema/matrixSample.ts';

const EXPECTED = 'docs/results/matrix-expected.json';

async function temporaryRoot() {
  const path = await mkdtemp(join(tmpdir(), 'pinlab-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('a matrix that is all known is checked in', async (t) => {
  await using root = await temporaryRoot();
  t.regex(await checkIn(root.path, sampleMatrix([cell()]), NOTHING_EXPECTED), /^checked in/);
  t.regex(await readFile(join(root.path, EXPECTED), 'utf8'), /"no stall"/);
});

for (const [what, filled] of Object.entries({
  'with a lost cell': sampleMatrix([cell(), cell({ row: 'fork', outcome: 'lost' })]),
  'that was interrupted': { ...sampleMatrix([cell()]), error: 'interrupted' },
})) {
  test(`a matrix ${what} changes nothing that is checked in`, async (t) => {
    await using root = await temporaryRoot();
    t.regex(await checkIn(root.path, filled, NOTHING_EXPECTED), /^not checked in: /);
    t.false(await exists(join(root.path, 'docs')));
  });
}

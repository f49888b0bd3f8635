// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { expectedMatrix, matrix } from '../../schema/matrix.ts';
import {
  changesOf,
  doubtPrevented,
  expecting,
  FULL_SERIES,
  summariseMatrix,
  unfitBecause,
  verdictOf,
} from '../../schema/matrixVerdict.ts';
import { cell, MACHINE, NOTHING_EXPECTED, sampleMatrix } from './matrixSample.ts';

test('a verdict says how many stall, what moved, what was refused and which bytes are wrong', (t) => {
  t.is(verdictOf(cell()), 'no stall');
  t.is(verdictOf(cell({ stalls: 3, moved: 16 })), 'some pages stall, moved');
  t.is(verdictOf(cell({ stalls: 16, aborted: true })), 'every page stalls, aborted');
  t.is(verdictOf(cell({ wrong: true })), 'no stall, wrong bytes');
  t.is(verdictOf(cell({ outcome: 'inconclusive' })), 'inconclusive');
});

test('what is expected is no change, all else is', (t) => {
  const cells = [cell(), cell({ column: 'none', stalls: 16 })];
  const expected = expecting(cells, NOTHING_EXPECTED);
  t.deepEqual(changesOf(cells, expected), []);
  t.deepEqual(changesOf([cell({ stalls: 1 })], expected), [
    {
      ...{ machine: MACHINE, row: 'KSM', column: FULL_SERIES },
      ...{ expected: 'no stall', found: 'some pages stall' },
    },
  ]);
  t.is(changesOf([cell({ outcome: 'inconclusive' })], expected).length, 1);
  t.is(changesOf(cells, NOTHING_EXPECTED)[0]?.expected, undefined);
});

test('to expect a cell leaves the others and the reasons as they were, and forgets no verdict', (t) => {
  const before = expectedMatrix.parse({
    reasons: [{ row: 'fork', reason: 'it is asked for' }],
    cells: { [MACHINE]: { KSM: { none: 'every page stalls', mlock: 'no stall' } } },
  });
  const after = expecting([cell({ column: 'mlock', outcome: 'lost' }), cell()], before);
  t.deepEqual(after.reasons, before.reasons);
  t.deepEqual(after.cells[MACHINE]?.KSM, {
    ...{ none: 'every page stalls', mlock: 'no stall' },
    [FULL_SERIES]: 'no stall',
  });
});

test('a matrix as expected is green, and valid', (t) => {
  const cells = [cell(), cell({ column: 'none', stalls: 16 })];
  const filled = sampleMatrix(cells, expecting(cells, NOTHING_EXPECTED));
  t.is(filled.summary.exitCode, 0);
  t.notThrows(() => matrix.parse(filled));
});

for (const [what, given] of Object.entries({
  'a wrong byte': { wrong: true },
  'a lost cell': { outcome: 'lost' },
  'a cell that broke off': { outcome: 'failed' },
} as const)) {
  test(`${what} is never green, expected or not`, (t) => {
    const cells = [cell(), cell({ column: 'none', ...given })];
    t.is(sampleMatrix(cells, expecting(cells, NOTHING_EXPECTED)).summary.exitCode, 1);
  });
}

test('an error explains the cells that it lost, and an interrupt is one', (t) => {
  const lost = cell({ row: 'first touch', outcome: 'lost' });
  const expected = expecting([cell(), cell({ row: 'first touch' })], NOTHING_EXPECTED);
  const exitCode = (cells: Parameters<typeof sampleMatrix>[0], aborted: 3 | 130) =>
    summariseMatrix(sampleMatrix(cells, expected), aborted).exitCode;
  t.is(exitCode([cell(), lost], EXIT.infra), EXIT.infra);
  t.is(exitCode([cell({ wrong: true }), lost], EXIT.interrupted), EXIT.interrupted);
});

for (const [what, given] of Object.entries({
  'a wrong byte': { wrong: true },
  'a broken promise': { stalls: 1 },
  'a cell that broke off': { outcome: 'failed' },
  'a cell that says nothing any more': { outcome: 'inconclusive' },
} as const)) {
  test(`${what} is no less bad for an error that came later`, (t) => {
    const lost = cell({ row: 'first touch', outcome: 'lost' });
    const expected = expecting([cell(), cell({ row: 'first touch' })], NOTHING_EXPECTED);
    const filled = sampleMatrix([cell(given), lost], expected);
    t.is(summariseMatrix(filled, EXIT.infra).exitCode, EXIT.failed);
  });
}

test('what is lost, or ended early, is not fit to be expected', (t) => {
  t.is(unfitBecause(sampleMatrix([cell({ stalls: 1 })])), undefined);
  t.regex(
    unfitBecause(sampleMatrix([cell(), cell({ outcome: 'lost' })])) ?? '',
    /1 cells are lost/,
  );
  t.regex(unfitBecause({ ...sampleMatrix([cell()]), error: 'interrupted' }) ?? '', /interrupted/);
});

test('a matrix without a measurement is not green', (t) => {
  const cells = [cell({ outcome: 'not applicable' })];
  t.is(sampleMatrix(cells, expecting(cells, NOTHING_EXPECTED)).summary.exitCode, 3);
});

test('a disturbed device breaks the promise of the full series, unless a reason is given', (t) => {
  const cells = [cell({ during: { stalls: 2, moved: 0, aborted: false, passes: 9 } })];
  const expected = expecting(cells, NOTHING_EXPECTED);
  const broken = sampleMatrix(cells, expected);
  t.is(broken.broken[0]?.found, 'no stall; of a busy device 2 stalls');
  t.is(broken.summary.exitCode, 1);
  const excused = { ...expected, reasons: [{ row: 'KSM', reason: 'known' }] };
  t.is(sampleMatrix(cells, excused).summary.exitCode, 0);
  t.is(sampleMatrix(cells, excused).broken[0]?.reason, 'known');
  const elsewhere = {
    ...expected,
    reasons: [{ row: 'KSM', machines: ['7.3, HTTU 0'], reason: 'no' }],
  };
  t.is(sampleMatrix(cells, elsewhere).summary.exitCode, 1);
});

for (const [what, during] of Object.entries({
  refused: { stalls: 0, moved: 0, aborted: true, passes: 9 },
  '3 moved': { stalls: 0, moved: 3, aborted: false, passes: 9 },
})) {
  test(`of a busy device, ${what} breaks the promise too`, (t) => {
    const [broken] = sampleMatrix([cell({ during })]).broken;
    t.is(broken?.found, `no stall; of a busy device ${what}`);
  });
}

test('what a process asks for, and other protections, promise nothing', (t) => {
  const cells = [cell({ row: 'mremap', stalls: 16 }), cell({ column: 'none', stalls: 16 })];
  t.deepEqual(sampleMatrix(cells).broken, []);
});

test('an event counts as prevented only if it happens without the protection', (t) => {
  const off = cell({ column: 'mlock, sysctls off', outcome: 'prevented' });
  const [, kept] = doubtPrevented([cell({ column: 'none', stalls: 16 }), off]);
  t.is(kept?.outcome, 'prevented');
  const [, doubted] = doubtPrevented([cell({ column: 'none', outcome: 'inconclusive' }), off]);
  t.is(doubted?.outcome, 'inconclusive');
});

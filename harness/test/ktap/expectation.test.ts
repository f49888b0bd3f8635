// SPDX-License-Identifier: MIT
import test from 'ava';
import { unmetExpectation } from '../../ktap/expectation.ts';

const COUNTS = { device: { aborts: 1 }, smmu: { 'f-permission': 1, stalls: 0 } };

test('what was counted as announced is met, and other lines announce nothing', (t) => {
  const lines = ['# expect smmu f-permission 1', '# expect device aborts 1', '# as expected'];
  t.is(unmetExpectation(lines, COUNTS), undefined);
  t.is(unmetExpectation([], COUNTS), undefined);
});

test('another count, an unknown counter and a broken line are not', (t) => {
  const why = (line: string) => unmetExpectation(['# expect device aborts 1', line], COUNTS);
  t.is(why('# expect smmu stalls 1'), 'the smmu counted stalls 0, not 1');
  t.is(why('# expect device f-permission 1'), 'the device has no counter f-permission');
  t.regex(why('# expect cpu faults 1') ?? '', /^not an expectation/);
  t.regex(why('# expect smmu stalls -1') ?? '', /^not an expectation/);
});

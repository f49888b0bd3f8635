// SPDX-License-Identifier: MIT
import test from 'ava';
import { Expectations } from '../../ktap/expectation.ts';

const COUNTS = { device: { aborts: 1 }, smmu: { 'f-permission': 1, stalls: 0 } };

function unmet(lines: readonly string[]): string | undefined {
  const expectations = new Expectations();
  for (const line of lines) expectations.push(line);
  return expectations.unmet(COUNTS);
}

test('what was counted as announced is met, and other lines announce nothing', (t) => {
  const lines = ['# expect smmu f-permission 1', '# expect device aborts 1', '# as expected'];
  t.is(unmet(lines), undefined);
  t.is(unmet([]), undefined);
});

test('another count, an unknown counter and a broken line are not', (t) => {
  const why = (line: string) => unmet(['# expect device aborts 1', line]);
  t.is(why('# expect smmu stalls 1'), 'the smmu counted stalls 0, not 1');
  t.is(why('# expect device f-permission 1'), 'the device has no counter f-permission');
  t.regex(why('# expect cpu faults 1') ?? '', /^not an expectation/);
  t.regex(why('# expect smmu stalls -1') ?? '', /^not an expectation/);
});

test('more announcements than anybody could mean are not met', (t) => {
  const lines = Array(Expectations.max).fill('# expect device aborts 1');
  t.is(unmet(lines), undefined);
  t.regex(unmet([...lines, ...lines]) ?? '', /announced 2000 counts/);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import type { TestResult } from '../../schema/results.ts';
import type { Detector } from '../../stages/detectors.ts';
import { causeId, observe, soundId } from '../../stages/observe.ts';
import { sampleSplat, sampleTest } from '../schema/sample.ts';

const WARNING: Detector = {
  ...{ name: 'WARNING', cause: 'warning', status: 'fail' as const },
  ...{ reason: /^splat: /, splat: 'warning' },
};
const ID = causeId('warning');
const FRAME = { symbol: 'cause_warning', file: 'kernel/selftest/pinlab_selftest.c', line: 60 };
const caught = sampleTest({ id: ID, status: 'fail', reason: 'splat: WARNING at here' });
const sound = sampleTest({ id: soundId('warning') });
const report = sampleSplat({ test: ID, frames: [FRAME] });

test('what is noticed as it must be is no problem', (t) => {
  const seen = observe(WARNING, [caught, sound], [report]);
  t.deepEqual(seen.problems, []);
  t.like(seen, { attributedTo: ID, exitCode: 1, caughtAs: 'fail: splat: WARNING at here' });
});

const WRONG: Record<string, [RegExp, () => ReturnType<typeof observe>]> = {
  'a test that keeps its pass': [/pass instead of fail/, () => seen({ status: 'pass' })],
  'another reason': [/the reason does not say/, () => seen({ reason: 'something else' })],
  'a control character': [/control characters/, () => seen({ reason: 'splat: \x1b[2J' })],
  'no result': [/the test has no result/, () => observe(WARNING, [sound], [])],
  'no report': [/reported as nothing, not warning/, () => observe(WARNING, [caught, sound], [])],
  'a report of another kind': [
    /reported as oops, not warning/,
    () => observe(WARNING, [caught, sound], [{ ...report, kind: 'oops' }]),
  ],
  'a report that another test gets': [
    /reported as nothing/,
    () => observe(WARNING, [caught, sound], [{ ...report, test: sound.id }]),
  ],
  'a report without source lines': [
    /no frame is decoded/,
    () => observe(WARNING, [caught, sound], [{ ...report, frames: [{ symbol: 'cause_warning' }] }]),
  ],
  'a sound test that suffers': [
    /the sound test after it: lost never started/,
    () =>
      observe(WARNING, [caught, { ...sound, status: 'lost', reason: 'never started' }], [report]),
  ],
  'a report where none is due': [
    /reported as warning/,
    () => observe({ name: 'x', cause: 'warning', status: 'fail' }, [caught, sound], [report]),
  ],
};

for (const [what, [problem, look]] of Object.entries(WRONG)) {
  test(`${what} is a problem`, (t) => t.regex(look().problems.join('; '), problem));
}

function seen(fields: Partial<TestResult>) {
  return observe(WARNING, [{ ...caught, ...fields }, sound], [report]);
}

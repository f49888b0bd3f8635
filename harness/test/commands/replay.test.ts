// SPDX-License-Identifier: MIT
import test from 'ava';
import { comparison } from '../../commands/replay.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';

const failed = sampleResults([sampleTest({ status: 'fail', reason: 'Expected 1 == 0' })]);

test('a replay says whether the test came to the same end', (t) => {
  t.is(comparison(failed, structuredClone(failed)), 'replay: the same again');
  t.is(
    comparison(failed, sampleResults([sampleTest()])),
    'replay: pass; in the bundle: fail, Expected 1 == 0',
  );
});

test('what a guest gave as the reason acts on no terminal', (t) => {
  const hostile = sampleResults([sampleTest({ status: 'fail', reason: '\x1b[2Jgone\nagain' })]);
  t.is(comparison(failed, hostile).split(';')[0], 'replay: fail, gone\ufffdagain');
});

test('another report of the kernel is another end', (t) => {
  const [one, other] = ['oops-1', 'oops-2'].map((fingerprint) =>
    sampleResults(failed.tests, [sampleSplat({ fingerprint })]),
  );
  if (!one || !other) return t.fail();
  t.regex(comparison(one, other), /oops-2; in the bundle: .*oops-1$/);
});

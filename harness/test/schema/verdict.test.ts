// SPDX-License-Identifier: MIT

import test from 'ava';
import { EXIT } from '../../errors.ts';
import {
  completePlan,
  concludeTest,
  isFlaky,
  lostTest,
  splitTestId,
  summarise,
  withSplats,
} from '../../schema/verdict.ts';
import { sampleSplat, sampleTest } from './sample.ts';

const pass = sampleTest();
const fail = sampleTest({ name: 'a.fail', status: 'fail' });
const skip = sampleTest({ name: 'a.skip', status: 'skip' });
const lost = sampleTest({ name: 'a.lost', status: 'lost' });

test('the exit code of a run that ended by itself', (t) => {
  t.is(summarise([pass], []).exitCode, EXIT.ok);
  t.is(summarise([pass, skip], []).exitCode, EXIT.ok);
  t.is(summarise([pass, fail], []).exitCode, EXIT.failed);
  t.is(summarise([pass, lost], []).exitCode, EXIT.failed);
});

test('a run in which nothing ran is not green', (t) => {
  t.is(summarise([], []).exitCode, EXIT.infra);
  t.is(summarise([skip, skip], []).exitCode, EXIT.infra);
});

test('a splat outside every test fails the run, an allowed one does not', (t) => {
  t.is(summarise([pass], [sampleSplat({ test: null })]).exitCode, EXIT.failed);
  const allowed = summarise([pass], [sampleSplat({ test: null, allowed: 'known' })]);
  t.is(allowed.exitCode, EXIT.ok);
  t.is(allowed.splats, 0);
});

test('an error of ours explains lost tests but never hides a failure', (t) => {
  t.is(summarise([pass, lost], [], EXIT.infra).exitCode, EXIT.infra);
  t.is(summarise([pass], [], EXIT.infra).exitCode, EXIT.infra);
  t.is(summarise([fail, lost], [], EXIT.infra).exitCode, EXIT.failed);
  t.is(summarise([fail], [], EXIT.interrupted).exitCode, EXIT.interrupted);
});

test('the counts of a summary', (t) => {
  t.deepEqual(summarise([pass, pass, fail, skip, lost], [sampleSplat()]), {
    passed: 2,
    failed: 1,
    skipped: 1,
    lost: 1,
    splats: 1,
    exitCode: 1,
  });
});

test('a pass or a skip during which a splat appeared is a fail', (t) => {
  for (const before of [pass, sampleTest({ status: 'skip' })]) {
    const after = withSplats(before, [sampleSplat()]);
    t.is(after.status, 'fail');
    t.is(after.reason, 'splat: WARNING in mempinfd_pin');
    t.deepEqual(after.splats, ['warning-0123456789ab']);
  }
});

test('a splat of another test, or an allowed one, leaves the pass', (t) => {
  t.deepEqual(withSplats(pass, [sampleSplat({ test: 'other:test' })]), pass);
  const allowed = withSplats(pass, [sampleSplat({ allowed: 'known' })]);
  t.is(allowed.status, 'pass');
  t.is(allowed.splats.length, 1);
});

test('a splat does not replace the reason of a test that failed or was lost', (t) => {
  for (const status of ['fail', 'lost'] as const) {
    const before = sampleTest({ status, reason: 'its own' });
    t.is(withSplats(before, [sampleSplat()]).status, status);
    t.is(withSplats(before, [sampleSplat()]).reason, 'its own');
  }
});

test('a planned test without a result is lost, in the order of the plan', (t) => {
  const tests = completePlan([lost.id, pass.id], [pass], 'the guest died');
  t.deepEqual(tests, [lostTest(lost.id, 'the guest died'), pass]);
  t.is(tests[0]?.status, 'lost');
});

test('the last attempt decides, and a pass after a failure is flaky', (t) => {
  const attempt = { durationMs: 5, diagnostics: [] };
  const flaky = concludeTest('p:f.t', [
    { ...attempt, status: 'fail', reason: 'once' },
    { ...attempt, status: 'pass' },
  ]);
  t.is(flaky.status, 'pass');
  t.is(flaky.reason, undefined);
  t.is(flaky.durationMs, 10);
  t.true(isFlaky(flaky));
  t.false(isFlaky(pass));
  t.is(concludeTest('p:f.t', []).status, 'lost');
});

test('a test id splits at the first colon only', (t) => {
  t.deepEqual(splitTestId('mempinfd:pin.base.x'), { program: 'mempinfd', name: 'pin.base.x' });
  t.deepEqual(splitTestId('p:a:b'), { program: 'p', name: 'a:b' });
});

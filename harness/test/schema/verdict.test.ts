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
  t.is(summarise([pass, lost], [], { aborted: EXIT.infra }).exitCode, EXIT.infra);
  t.is(summarise([pass], [], { aborted: EXIT.infra }).exitCode, EXIT.infra);
  t.is(summarise([fail, lost], [], { aborted: EXIT.infra }).exitCode, EXIT.failed);
  t.is(summarise([fail], [], { aborted: EXIT.interrupted }).exitCode, EXIT.interrupted);
});

test('the counts of a summary', (t) => {
  t.deepEqual(summarise([pass, pass, fail, skip, lost], [sampleSplat()]), {
    passed: 2,
    failed: 1,
    skipped: 1,
    lost: 1,
    flaky: 0,
    splats: 1,
    exitCode: 1,
  });
});

const attempt = { durationMs: 5, diagnostics: [] };
const passed = { ...attempt, status: 'pass' } as const;
const failed = { ...attempt, status: 'fail', reason: 'once' } as const;

test('a pass or a skip during which a splat appeared is a fail', (t) => {
  for (const status of ['pass', 'skip'] as const) {
    const after = withSplats({ ...attempt, status }, pass.id, [sampleSplat()]);
    t.is(after.status, 'fail');
    t.is(after.reason, 'splat: WARNING in mempinfd_pin');
  }
});

test('a splat of another test, or an allowed one, leaves the pass', (t) => {
  t.deepEqual(withSplats(passed, pass.id, [sampleSplat({ test: 'other:test' })]), passed);
  t.deepEqual(withSplats(passed, pass.id, [sampleSplat({ allowed: 'known' })]), passed);
});

test('a splat does not replace the reason of an attempt that failed or was lost', (t) => {
  for (const status of ['fail', 'lost'] as const) {
    const before = { ...attempt, status, reason: 'its own' };
    t.deepEqual(withSplats(before, pass.id, [sampleSplat()]), before);
  }
});

test('a result names the splats of its own test, each once', (t) => {
  const splats = [sampleSplat(), sampleSplat(), sampleSplat({ test: 'o:t', fingerprint: 'other' })];
  t.deepEqual(concludeTest(pass.id, [failed], splats).splats, ['warning-0123456789ab']);
});

test('a planned test without a result is lost, in the order of the plan', (t) => {
  const tests = completePlan([lost.id, pass.id], [pass], 'the guest died');
  t.deepEqual(tests, [lostTest(lost.id, 'the guest died'), pass]);
  t.is(tests[0]?.status, 'lost');
});

test('the last attempt decides, and a pass after a failure is flaky', (t) => {
  const counters = { stalls: 3 };
  const flaky = concludeTest('p:f.t', [failed, { ...passed, counters }]);
  t.is(flaky.status, 'pass');
  t.is(flaky.reason, undefined);
  t.is(flaky.durationMs, 10);
  t.deepEqual(flaky.counters, counters);
  t.true(isFlaky(flaky));
  t.false(isFlaky(pass));
  t.is(concludeTest('p:f.t', []).status, 'lost');
});

test('one bad repetition outweighs any number of good ones', (t) => {
  const nth = (repetition: number) => ({ repetition });
  const result = concludeTest('p:f.t', [
    { ...passed, ...nth(1) },
    { ...failed, ...nth(2) },
    { ...passed, ...nth(3) },
  ]);
  t.is(result.status, 'fail');
  t.is(result.reason, 'once');
  t.false(isFlaky(result));
});

test('a repetition that passes when retried makes the test flaky, not failed', (t) => {
  const nth = (repetition: number) => ({ repetition });
  const result = concludeTest('p:f.t', [
    { ...passed, ...nth(1) },
    { ...failed, ...nth(2) },
    { ...passed, ...nth(2) },
  ]);
  t.is(result.status, 'pass');
  t.true(isFlaky(result));
});

test('a flaky test is green unless flakiness counts as failure', (t) => {
  const flaky = concludeTest('p:f.t', [failed, passed]);
  t.is(summarise([flaky], []).exitCode, EXIT.ok);
  t.is(summarise([flaky], []).flaky, 1);
  t.is(summarise([flaky], [], { flaky: 'failure' }).exitCode, EXIT.failed);
  t.is(summarise([pass], [], { flaky: 'failure' }).exitCode, EXIT.ok);
});

test('a retry does not heal a report of the kernel', (t) => {
  const flaky = concludeTest('p:f.t', [failed, passed]);
  t.is(summarise([flaky], [sampleSplat({ test: 'p:f.t' })]).exitCode, EXIT.failed);
});

test('a test id splits at the first colon only', (t) => {
  t.deepEqual(splitTestId('mempinfd:pin.base.x'), { program: 'mempinfd', name: 'pin.base.x' });
  t.deepEqual(splitTestId('p:a:b'), { program: 'p', name: 'a:b' });
});

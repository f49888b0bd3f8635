// SPDX-License-Identifier: MIT

import test from 'ava';
import { junitText } from '../../report/junit.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';
import { CONTROLS, hostileResults } from './hostile.ts';

const attempt = { durationMs: 1000, diagnostics: ['said'] };

test('one flat suite per program, each status as its element', (t) => {
  const tests = [
    sampleTest({ name: 'a', source: { file: 'guest-tests/pin.c', line: 7 } }),
    sampleTest({ name: 'b', status: 'skip', reason: 'no device' }),
    sampleTest({
      name: 'c',
      status: 'fail',
      reason: 'wrong',
      attempts: [{ ...attempt, status: 'fail' }],
    }),
    sampleTest({ program: 'dma', name: 'd', status: 'lost', reason: 'guest died', attempts: [] }),
  ];
  t.is(
    junitText(sampleResults(tests)),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pinlab" time="4.200">
  <testsuite name="mempinfd" tests="3" failures="1" errors="0" skipped="1" time="0.036" timestamp="2026-11-22T20:00:00">
    <testcase name="a" classname="mempinfd" time="0.012" file="guest-tests/pin.c" line="7"/>
    <testcase name="b" classname="mempinfd" time="0.012">
      <skipped message="no device"/>
    </testcase>
    <testcase name="c" classname="mempinfd" time="0.012">
      <failure message="wrong" type="fail">said</failure>
    </testcase>
  </testsuite>
  <testsuite name="dma" tests="1" failures="0" errors="1" skipped="0" time="0.012" timestamp="2026-11-22T20:00:00">
    <testcase name="d" classname="dma" time="0.012">
      <error message="guest died" type="lost"></error>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

test('retries are flakyFailure on a pass and rerunFailure on a failure', (t) => {
  const attempts = [
    { ...attempt, status: 'fail' as const, reason: 'first' },
    { ...attempt, status: 'pass' as const },
  ];
  const flaky = junitText(sampleResults([sampleTest({ attempts })]));
  t.true(
    flaky.includes(
      '<flakyFailure message="first" type="fail"><system-out>said</system-out></flakyFailure>',
    ),
  );
  t.false(flaky.includes('<failure'));
  const failed = attempts.map((one) => ({ ...one, status: 'fail' as const }));
  const red = junitText(sampleResults([sampleTest({ status: 'fail', attempts: failed })]));
  t.true(red.includes('<rerunFailure message="first"'));
  t.is(red.split('<failure').length, 2);
});

test('a splat outside every test and a run in which nothing ran are errors', (t) => {
  const splat = junitText(sampleResults([sampleTest()], [sampleSplat({ test: null })]));
  t.true(splat.includes('<testsuite name="kernel" tests="1" failures="0" errors="1"'));
  t.true(splat.includes('classname="kernel.warning"'));
  const nothing = junitText(sampleResults([]));
  t.true(nothing.includes('<error message="the run is not green: nothing ran" type="run"/>'));
});

test('a splat during an attempt that a retry made up for is an error, once', (t) => {
  const splats = [sampleSplat(), sampleSplat()];
  const flaky = junitText(sampleResults([sampleTest()], splats));
  t.true(flaky.includes('<testsuite name="kernel" tests="1" failures="0" errors="1"'));
  const failed = junitText(sampleResults([sampleTest({ status: 'fail' })], splats));
  t.false(failed.includes('name="kernel"'));
});

test('a green run has no error, also with an allowed splat', (t) => {
  const allowed = sampleSplat({ test: null, allowed: 'known' });
  t.notRegex(junitText(sampleResults([sampleTest()], [allowed])), /<(?:error|failure)/);
});

test('text of a hostile guest stays text', (t) => {
  const xml = junitText(hostileResults());
  t.notRegex(xml, CONTROLS);
  t.false(xml.includes('<script'));
  t.false(xml.includes(']]>'));
  const names = new Set([...xml.matchAll(/<\/?(\w+)/g)].map(([, name]) => name));
  t.deepEqual(names, new Set(['testsuites', 'testsuite', 'testcase', 'failure', 'error']));
  t.notRegex(junitText(sampleResults([sampleTest({ name: 'a\ufffe\uffff' })])), /[\ufffe\uffff]/);
});

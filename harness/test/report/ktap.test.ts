// SPDX-License-Identifier: MIT

import test from 'ava';
import { parseKtap } from '../../ktap/parse.ts';
import { statusOf } from '../../ktap/status.ts';
import { KtapReporter } from '../../report/ktap.ts';
import { report } from '../../report/reporter.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';
import { Collected, replay } from './collect.ts';
import { CONTROLS, hostileResults } from './hostile.ts';

async function written(results: Parameters<typeof replay>[1]): Promise<string[]> {
  const stream = new Collected();
  await replay([new KtapReporter(stream)], results);
  return stream.lines;
}

test('each status as KTAP, which our own parser reads back', async (t) => {
  const tests = [
    sampleTest({ name: 'a', counters: { stalls: 16 } }),
    sampleTest({ name: 'b', status: 'skip', reason: 'no device', counters: null }),
    sampleTest({ name: 'c', status: 'fail', reason: 'SKIP this', counters: null }),
    sampleTest({ name: 'd', status: 'lost', reason: 'guest died', counters: null }),
  ];
  const lines = await written(sampleResults(tests, [sampleSplat({ test: tests[2]?.id ?? '' })]));
  t.deepEqual(lines, [
    'KTAP version 1',
    '1..4',
    '# > device: stalls 16',
    'ok 1 mempinfd:a',
    'ok 2 mempinfd:b # SKIP no device',
    '# > splat: WARNING in mempinfd_pin',
    '# > SKIP this',
    'not ok 3 mempinfd:c',
    'not ok 4 mempinfd:d # ERROR lost: guest died',
    '# > 1 passed, 1 failed, 1 lost, 1 skipped, 1 splat in 4.2 s',
  ]);
  const document = parseKtap(lines);
  t.deepEqual(document.errors, []);
  t.deepEqual(
    document.results.map((result) => statusOf(result).status),
    ['pass', 'skip', 'fail', 'fail'],
  );
});

test('a test that never ended is written at the end', async (t) => {
  const stream = new Collected();
  const lost = sampleTest({ name: 'late', status: 'lost', reason: 'interrupted', counters: null });
  const reporters = [new KtapReporter(stream)];
  await report(reporters, { type: 'runStart', planned: [lost.id], record: sampleResults([]) });
  await report(reporters, { type: 'runEnd', results: sampleResults([lost]) });
  t.true(stream.lines.includes('not ok 1 mempinfd:late # ERROR lost: interrupted'));
  t.deepEqual(parseKtap(stream.lines).errors, []);
});

test('a run in which nothing ran is no sound KTAP', async (t) => {
  t.deepEqual(parseKtap(await written(sampleResults([]))).errors, [
    'bail out: the run is not green: nothing ran',
  ]);
});

test('a run that only a report of the kernel made red is no sound KTAP', async (t) => {
  for (const id of [null, sampleTest().id]) {
    const lines = await written(sampleResults([sampleTest()], [sampleSplat({ test: id })]));
    t.deepEqual(parseKtap(lines).errors, ['bail out: the kernel reported WARNING in mempinfd_pin']);
  }
  const allowed = sampleSplat({ test: null, allowed: 'known' });
  t.deepEqual(parseKtap(await written(sampleResults([sampleTest()], [allowed]))).errors, []);
});

test('text of a hostile guest cannot become a result', async (t) => {
  const lines = await written(hostileResults());
  t.notRegex(lines.join('\n'), CONTROLS);
  const document = parseKtap(lines);
  t.deepEqual(document.errors, []);
  t.deepEqual(
    document.results.map((result) => [statusOf(result).status, result.subtests]),
    [['fail', undefined]],
  );
});

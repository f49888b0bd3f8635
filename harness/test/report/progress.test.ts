// SPDX-License-Identifier: MIT

import test from 'ava';
import { ProgressReporter } from '../../report/progress.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';
import { Collected } from './collect.ts';

const started = {
  type: 'stageStart',
  stage: 'kernel',
  text: 'Linux 6.12.117',
  expectedMs: 360_000,
} as const;

/** A reporter whose clock stands still until it is moved. */
function reporterAt(live: boolean, columns?: number) {
  const clock = { now: 0 };
  const stream = Object.assign(new Collected(), columns === undefined ? {} : { columns });
  const reporter = new ProgressReporter({ stream, live, now: () => clock.now });
  return { clock, stream, reporter };
}

/** What a terminal shows after `text`. */
function screen(text: string): string[] {
  const rows: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal acts on
  for (const token of text.split(/(\n|\x1b\[1A\x1b\[2K)/)) {
    if (token === '\x1b[1A\x1b[2K') rows.pop();
    else if (token !== '\n' && token !== '') rows.push(token);
  }
  return rows;
}

test('plain: a line at the start, at most one per interval, a line at the end', (t) => {
  const { clock, stream, reporter } = reporterAt(false);
  reporter.stage(started);
  for (clock.now = 1000; clock.now <= 31_000; clock.now += 1000) {
    const text = `mm/file${clock.now / 1000}.o`;
    reporter.stage({ type: 'stageProgress', stage: 'kernel', text, fraction: 0.5 });
  }
  reporter.stage({
    type: 'stageDone',
    stage: 'kernel',
    text: 'Linux 6.12.117',
    durationMs: 358_000,
  });
  t.deepEqual(stream.lines, [
    'kernel: Linux 6.12.117, took 6 m 0 s last time',
    'kernel: Linux 6.12.117, 50 %, 15.0 s of about 6 m 0 s, mm/file15.o',
    'kernel: Linux 6.12.117, 50 %, 30.0 s of about 6 m 0 s, mm/file30.o',
    'kernel: Linux 6.12.117, took 5 m 58 s',
  ]);
});

test('a note is shown whenever it comes, live or plain', (t) => {
  for (const live of [false, true]) {
    const { stream, reporter } = reporterAt(live);
    reporter.stage(started);
    reporter.stage({ type: 'stageNote', stage: 'kernel', text: 'the cached one is damaged' });
    reporter.close();
    t.true(screen(stream.text).includes('kernel: the cached one is damaged'));
  }
});

test('what takes longer than last time is not said to end then', (t) => {
  const { clock, stream, reporter } = reporterAt(false);
  reporter.stage(started);
  clock.now = 360_001;
  reporter.stage({ type: 'stageProgress', stage: 'kernel', text: 'mm/gup.o' });
  t.is(stream.lines.at(-1), 'kernel: Linux 6.12.117, 6 m 0 s, mm/gup.o');
});

test('plain output has no escapes, also for hostile text', (t) => {
  const { clock, stream, reporter } = reporterAt(false);
  reporter.stage(started);
  clock.now = 60_000;
  reporter.stage({ type: 'stageProgress', stage: 'kernel', text: '\x1b[2Jx' });
  reporter.runStart({ type: 'runStart', planned: ['a'], record: sampleResults([]) });
  reporter.testStart({ type: 'testStart', id: 'a', attempt: 1 });
  reporter.testEnd({ type: 'testEnd', test: sampleTest({ id: 'a' }) });
  reporter.runEnd();
  t.false(stream.text.includes('\x1b'));
});

test('live: one line per running stage, gone when it ends', (t) => {
  const { clock, stream, reporter } = reporterAt(true, 100);
  reporter.stage(started);
  reporter.stage({ type: 'stageStart', stage: 'qemu', text: 'QEMU' });
  clock.now = 90_000;
  reporter.stage({ type: 'stageProgress', stage: 'kernel', text: 'mm/gup.o', fraction: 0.254 });
  reporter.stage({ type: 'stageCached', stage: 'qemu', text: 'QEMU', durationMs: 5 });
  const [cached, kernel, ...rest] = screen(stream.text);
  t.is(cached, 'qemu: QEMU, from the cache');
  t.is(kernel?.slice(2), 'kernel: Linux 6.12.117, 25 %, 1 m 30 s of about 6 m 0 s, mm/gup.o');
  t.deepEqual(rest, []);
  reporter.stage({
    type: 'stageFailed',
    stage: 'kernel',
    text: 'Linux 6.12.117',
    durationMs: 90_000,
  });
  t.deepEqual(screen(stream.text).slice(1), ['kernel: Linux 6.12.117, stopped after 1 m 30 s']);
});

test('live: a long line is cut, since one that wraps could not be erased', (t) => {
  const { stream, reporter } = reporterAt(true, 30);
  reporter.stage({ type: 'stageStart', stage: 'qemu', text: 'x'.repeat(100) });
  t.is(screen(stream.text)[0]?.length, 29);
  reporter.close();
});

test('live: the running tests are shown, and never left behind', (t) => {
  const { stream, reporter } = reporterAt(true, 80);
  reporter.runStart({ type: 'runStart', planned: ['p:a', 'p:b'], record: sampleResults([]) });
  reporter.testStart({ type: 'testStart', id: 'p:a', attempt: 1 });
  t.is(screen(stream.text)[0]?.slice(2), '1/2 p:a');
  reporter.testStart({ type: 'testStart', id: 'p:b', attempt: 1 });
  t.is(screen(stream.text)[0]?.slice(2), '2/2 p:a, p:b');
  reporter.testEnd({ type: 'testEnd', test: sampleTest({ id: 'p:a' }) });
  t.deepEqual(screen(stream.text), []);
  reporter.testStart({ type: 'testStart', id: 'p:b', attempt: 2 });
  t.is(screen(stream.text)[0]?.slice(2), '2/2 p:b');
  reporter.runEnd();
  t.deepEqual(screen(stream.text), []);
});

test('progress of a stage that never started is ignored', (t) => {
  const { stream, reporter } = reporterAt(false);
  reporter.stage({ type: 'stageProgress', stage: 'kernel', text: 'x' });
  t.is(stream.text, '');
});

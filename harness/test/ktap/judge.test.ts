// SPDX-License-Identifier: MIT

import test from 'ava';
import { Judge, judge, type ProgramEnd } from '../../ktap/judge.ts';
import { recorded } from '../recorded/recorded.ts';

const exited = (code: number): ProgramEnd => ({ how: 'exited', code });
const ok = exited(0);

/** The judgement on a recorded run of `pin.base.<name>`. */
function judged(name: string, end: ProgramEnd) {
  return judge(`pin.base.${name}`, recorded(`ktap/${name}.txt`), end);
}

/** The judgement on a stream with this body after a sound head. */
function stream(body: string[], end: ProgramEnd = ok) {
  return judge('f.t', ['TAP version 13', '1..1', ...body], end);
}

test('a recorded pass', (t) => {
  t.deepEqual(judged('passes', ok), { status: 'pass', diagnostics: [] });
});

test('a recorded failure carries its assertion and what the test said', (t) => {
  t.deepEqual(judged('fails', exited(1)), {
    status: 'fail',
    reason: 'Expected 0 (0) == 22 (22)',
    diagnostics: [
      '# demo.c:10:fails:Expected 0 (0) == 22 (22)',
      '# demo.c:10:fails:page 3 differs',
      '# fails: Test failed',
    ],
    assertion: { file: 'demo.c', line: 10, message: 'Expected 0 (0) == 22 (22)' },
  });
});

test('a recorded timeout and a recorded crash name what happened', (t) => {
  t.is(judged('hangs', exited(1)).reason, 'hangs: Test terminated by timeout');
  t.is(judged('crashes', exited(1)).reason, 'crashes: Test terminated unexpectedly by signal 11');
  t.is(judged('crashes', exited(1)).status, 'fail');
});

test('a recorded skip keeps its reason', (t) => {
  const { status, reason } = judged('skips', ok);
  t.deepEqual({ status, reason }, { status: 'skip', reason: 'no device: /dev/dma_testdev' });
});

test('an expected failure is no pass, an unexpected pass is a failure', (t) => {
  t.like(judged('expected', ok), { status: 'skip', reason: 'expected failure' });
  t.like(judged('surprising', ok), {
    status: 'fail',
    reason: 'passed though marked as an expected failure',
  });
});

test('a test that prints its own result is a failure', (t) => {
  t.like(judged('forges', exited(1)), { status: 'fail' });
  t.regex(judged('forges', ok).reason ?? '', /2 results where one was due/);
});

test('a name that the program does not know is lost', (t) => {
  t.like(judged('nosuch', ok), {
    status: 'lost',
    reason: 'the program has no test "pin.base.nosuch"',
  });
});

test('escapes in the output reach nobody', (t) => {
  const { diagnostics, status } = judged('escapes', exited(1));
  t.is(status, 'fail');
  t.deepEqual(diagnostics.slice(0, 1), ['# red \ufffd']);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  t.notRegex(diagnostics.join('\n'), /[\0-\x08\x0b-\x1f\x7f-\x9f]/);
});

test('ok with an exit code or a signal that disagrees is a failure', (t) => {
  t.like(judged('passes', exited(1)), {
    status: 'fail',
    reason: 'reported pass, but the program exited with 1',
  });
  t.like(judged('passes', exited(4)), { status: 'fail' });
  t.like(judged('passes', { how: 'killed', signal: 'SEGV' }), {
    status: 'fail',
    reason: 'reported pass, but the program was killed by SEGV',
  });
});

test('a lost channel and an expired watchdog leave the test lost, whatever it printed', (t) => {
  t.like(judged('passes', { how: 'lost', reason: 'connection reset' }), {
    status: 'lost',
    reason: 'connection reset',
  });
  t.like(judged('passes', { how: 'timedOut', afterMs: 500 }), {
    status: 'lost',
    reason: 'the test did not end within 500 ms',
  });
});

test('a recorded stream that ends in the middle of its test is lost, and keeps what was said', (t) => {
  t.deepEqual(judged('truncated', { how: 'killed', signal: 'KILL' }), {
    status: 'lost',
    reason: 'the program was killed by KILL without a result',
    diagnostics: ['# demo.c:12:truncated:page 3 of 16'],
  });
  t.is(judged('truncated', ok).status, 'lost');
});

test('a recorded pass without a plan is a failure', (t) => {
  t.like(judged('no-plan', ok), { status: 'fail', reason: 'no plan' });
});

test('a stream cut anywhere before its result is lost, never a pass', (t) => {
  const lines = recorded('ktap/passes.txt');
  const result = lines.findIndex((line) => line.startsWith('ok'));
  for (let cut = 0; cut <= result; cut += 1) {
    t.is(judge('pin.base.passes', lines.slice(0, cut), ok).status, 'lost', `cut at ${cut}`);
  }
});

test('a sound stream is a pass, and each thing missing from it makes a failure', (t) => {
  t.is(stream(['ok 1 f.t']).status, 'pass');
  t.like(judge('f.t', ['1..1', 'ok 1 f.t'], ok), { status: 'fail', reason: 'no version line' });
  t.like(stream(['ok 2 f.t']), { status: 'fail' });
  t.like(stream(['ok 1 other']), { status: 'fail' });
  t.like(stream(['ok 1 f.t', 'Bail out! no memory']), {
    status: 'fail',
    reason: 'bail out: no memory',
  });
  t.like(judge('f.t', ['TAP version 13', '1..2', 'ok 1 f.t'], ok), {
    status: 'fail',
    reason: 'planned 2 tests, saw 1 results',
  });
});

test('a second result is a failure, also for another name or with the same verdict', (t) => {
  for (const second of ['ok 1 f.t', 'ok 2 f.t', 'not ok 1 f.t', 'ok 2 other']) {
    t.is(stream(['ok 1 f.t', second]).status, 'fail', second);
  }
});

test('a line that only resembles a result decides nothing', (t) => {
  for (const line of ['okay 1 f.t', 'ok f.t', ' ok 1 f.t', '# ok 1 f.t', '\x1b[2Kok 1 f.t']) {
    t.is(stream([line]).status, 'lost', JSON.stringify(line));
    t.is(stream([line, 'ok 1 f.t']).status, 'pass', JSON.stringify(line));
  }
});

test('a carriage return cannot hide the verdict in front of it', (t) => {
  t.is(stream(['not ok 1 f.t\rok 1 f.t']).status, 'fail');
  t.is(stream(['ok 1 f.t\r']).status, 'pass');
});

test('a program that skips as a whole says so with its plan', (t) => {
  const lines = ['TAP version 13', '1..0 # SKIP no device'];
  t.like(judge('f.t', lines, exited(4)), { status: 'skip', reason: 'no device' });
  t.like(judge('f.t', lines, exited(1)), { status: 'lost' });
  t.like(judge('f.t', [], exited(4)), { status: 'lost' });
  t.like(judge('f.t', lines.slice(1), exited(4)), { status: 'lost' });
});

test('a skipped test may exit with 0 or with 4, and with nothing else', (t) => {
  const line = 'ok 1 f.t # SKIP no device';
  t.is(stream([line], exited(0)).status, 'skip');
  t.is(stream([line], exited(4)).status, 'skip');
  t.is(stream([line], exited(1)).status, 'fail');
});

test('not ok is a failure whatever the exit code', (t) => {
  t.like(stream(['not ok 1 f.t'], exited(0)), { status: 'fail' });
  t.like(stream(['not ok 1 f.t # TIMEOUT 30 seconds'], exited(1)), {
    reason: 'timed out: 30 seconds',
  });
});

test('standard error is diagnostics only', (t) => {
  const judge = new Judge('f.t');
  for (const line of ['TAP version 13', '1..1']) judge.push(line);
  judge.note('ok 1 f.t');
  judge.note('Bail out!');
  t.like(judge.conclude(ok), { status: 'lost', diagnostics: ['ok 1 f.t', 'Bail out!'] });
});

test('subtests are counted, and each that failed is named', (t) => {
  const sub = (lines: string[], result = 'ok 1 f.t') =>
    stream([...['TAP version 13', `1..${lines.length}`, ...lines].map((l) => `    ${l}`), result]);
  t.deepEqual(sub(['ok 1 a', 'ok 2 b # SKIP no disk']), {
    status: 'pass',
    diagnostics: ['# subtests: 1 passed, 0 failed, 1 skipped'],
  });
  const failed = sub(['ok 1 a', 'not ok 2 b', 'not ok 3 c']);
  t.like(failed, { status: 'fail', reason: 'subtest 2 b failed' });
  const counted = '# subtests: 1 passed, 2 failed, 0 skipped';
  t.deepEqual(failed.diagnostics, [counted, 'not ok 2 b', 'not ok 3 c']);
  t.like(sub(['ok 1 a', 'not ok 2 b'], 'not ok 1 f.t # exit status 1'), {
    status: 'fail',
    reason: 'exit status 1',
  });
});

test('a test whose every subtest was skipped is no pass', (t) => {
  const lines = ['TAP version 13', '1..2', 'ok 1 a # SKIP one node', 'ok 2 b # SKIP one CPU'];
  t.like(stream([...lines.map((line) => `    ${line}`), 'ok 1 f.t']), {
    status: 'skip',
    reason: 'all 2 subtests were skipped: one node',
  });
});

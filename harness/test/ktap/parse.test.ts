// SPDX-License-Identifier: MIT

import test from 'ava';
import { Diagnostics } from '../../ktap/diagnostics.ts';
import { readLine } from '../../ktap/line.ts';
import { KtapParser, parseKtap } from '../../ktap/parse.ts';
import { complaintOf, statusOf } from '../../ktap/status.ts';
import { recorded } from '../recorded/recorded.ts';

const parse = (text: string) => parseKtap(text.trim().split('\n'));
const head = (plan: number) => `KTAP version 1\n1..${plan}\n`;

test('the versions that are understood', (t) => {
  for (const version of ['KTAP version 1', 'KTAP version 2', 'TAP version 13', 'TAP version 14']) {
    t.deepEqual(parse(`${version}\n1..1\nok 1 a`).errors, [], version);
  }
  t.deepEqual(parse('TAP version 15\n1..1\nok 1 a').errors, ['no version line']);
});

test('nested subtests as the specification shows them', (t) => {
  const document = parse(`
KTAP version 1
1..1
  KTAP version 1
  1..2
    KTAP version 1
    1..1
    # test_1: initializing test_1
    ok 1 test_1
  ok 1 example_test_1
    KTAP version 1
    1..2
    ok 1 test_1 # SKIP test_1 skipped
    ok 2 test_2
  ok 2 example_test_2
ok 1 main_test`);
  t.is(complaintOf(document), undefined);
  const [main] = document.results;
  t.deepEqual(
    main?.subtests?.results.map(({ name, subtests }) => [name, subtests?.results.length]),
    [
      ['example_test_1', 1],
      ['example_test_2', 2],
    ],
  );
  t.deepEqual(main?.subtests?.results[0]?.subtests?.results[0]?.diagnostics, [
    '    # test_1: initializing test_1',
  ]);
});

test('a subtest that bails out does not end its parent, but fails it', (t) => {
  const child = '# TAP version 13\n# 1..2\n# ok 1 a\n# Bail out! no memory\n';
  const document = parse(`TAP version 13\n1..2\n${child}ok 1 p\nok 2 q`);
  t.deepEqual(document.errors, []);
  t.deepEqual(
    document.results.map((result) => statusOf(result).status),
    ['fail', 'pass'],
  );
});

test('deeper levels close when a shallower one opens', (t) => {
  const deep = '    KTAP version 1\n    1..1\n    ok 1 a\n';
  const document = parse(`${head(1)}${deep}  KTAP version 1\n  1..1\n  ok 1 b\nok 1 c`);
  t.deepEqual(document.errors, ['subtests without a result of their parent']);
});

test('a parent that says ok over a failed child fails', (t) => {
  const document = parse(`${head(1)}  KTAP version 1\n  1..1\n  not ok 1 child\nok 1 parent`);
  t.is(complaintOf(document), 'subtest 1 parent failed');
  const [parent] = document.results;
  t.deepEqual(parent && statusOf(parent), { status: 'fail', reason: 'subtest 1 child failed' });
});

test('a parent over a child document that is not sound fails', (t) => {
  const [parent] = parse(`${head(1)}  KTAP version 1\n  1..2\n  ok 1 child\nok 1 parent`).results;
  t.deepEqual(parent && statusOf(parent), {
    status: 'fail',
    reason: 'planned 2 tests, saw 1 results',
  });
});

test('subtests whose parent has no result are an error', (t) => {
  const child = '  KTAP version 1\n  1..1\n  ok 1 child\n';
  t.true(
    parse(`KTAP version 1\n1..0\n${child}`).errors.includes(
      'subtests without a result of their parent',
    ),
  );
});

test("kselftest's prefixed subtests, with and without their own version line", (t) => {
  for (const version of ['# TAP version 13\n', '']) {
    const document = parse(`TAP version 13
1..1
# selftests: mm: mempinfd
${version}# 1..2
# # Starting 2 tests from 1 test cases.
# ok 1 global.a
# not ok 2 global.b
# # FAILED: 1 / 2 tests passed.
not ok 1 selftests: mm: mempinfd # exit=1`);
    t.deepEqual(document.errors, []);
    const [program] = document.results;
    t.is(program?.name, 'selftests: mm: mempinfd');
    t.is(program?.data, 'exit=1');
    t.deepEqual(
      program?.subtests?.results.map(({ ok }) => ok),
      [true, false],
    );
  }
});

test('time stamps before lines, with and without a caller id', (t) => {
  const document = parse(`[    0.000000] KTAP version 1
[    0.000001][    T1] 1..1
[    0.000002]     # Subtest: pin
[    0.000003]     1..1
[    0.000004]     ok 1 child
[   12.000005] ok 1 parent`);
  t.is(complaintOf(document), undefined);
  t.is(document.results[0]?.subtests?.results[0]?.name, 'child');
});

test('no plan, a second plan, a plan in the middle and a plan not met are errors', (t) => {
  t.deepEqual(parseKtap(recorded('ktap/no-plan.txt')).errors, ['no plan']);
  t.deepEqual(parse(`${head(1)}1..1\nok 1 a`).errors, ['a second plan']);
  t.deepEqual(parse('KTAP version 1\nok 1 a\n1..2\nok 2 b').errors, [
    'the plan stands between results',
  ]);
  t.deepEqual(parse(`${head(2)}ok 1 a`).errors, ['planned 2 tests, saw 1 results']);
  t.deepEqual(parse(`${head(1)}ok 1 a\nok 2 b`).errors, ['planned 1 tests, saw 2 results']);
});

test('a plan after the results is allowed', (t) => {
  t.deepEqual(parse('TAP version 13\nok 1 a\nok 2 b\n1..2').errors, []);
});

test('numbers that repeat, skip or go back are errors', (t) => {
  t.deepEqual(parse(`${head(2)}ok 1 a\nok 1 b`).errors, ['result 1 where 2 was due']);
  t.deepEqual(parse(`${head(2)}ok 2 a\nok 1 b`).errors.length, 2);
});

test('a second version line on one level is an error', (t) => {
  t.deepEqual(parse(`${head(1)}KTAP version 1\nok 1 a`).errors, ['a second version line']);
});

test('each directive, in either case', (t) => {
  const status = (line: string) => {
    const [result] = parse(`${head(1)}${line}`).results;
    return result && statusOf(result);
  };
  t.deepEqual(status('ok 1 a # SKIP no device'), { status: 'skip', reason: 'no device' });
  t.deepEqual(status('ok 1 # skip no device'), { status: 'skip', reason: 'no device' });
  t.deepEqual(status('ok 1 a # SKIPPED: no device'), { status: 'skip', reason: 'no device' });
  t.deepEqual(status('not ok 1 a # SKIP no device'), { status: 'skip', reason: 'no device' });
  t.deepEqual(status('not ok 1 a # TODO later'), {
    status: 'skip',
    reason: 'expected failure: later',
  });
  t.deepEqual(status('ok 1 a # XFAIL bug 7'), {
    status: 'skip',
    reason: 'expected failure: bug 7',
  });
  t.is(status('ok 1 a # XPASS')?.status, 'fail');
  t.is(status('ok 1 a # TIMEOUT 30 seconds')?.status, 'fail');
  t.deepEqual(status('not ok 1 # error no memory'), { status: 'fail', reason: 'error: no memory' });
  t.deepEqual(status('ok 1 a # rcode=0'), { status: 'pass' });
  t.deepEqual(status('ok 1 a # skipping nothing'), { status: 'pass' });
  t.deepEqual(status('ok 1 a # do not SKIP this'), { status: 'pass' });
  t.deepEqual(status('ok 1 # SKIP'), { status: 'skip', reason: 'no reason given' });
});

test('a description keeps its escaped hash', (t) => {
  t.like(readLine('ok 1 - a \\# SKIP b # rest'), { name: 'a # SKIP b', data: 'rest' });
  t.like(readLine('ok 1 a - b [ 1.000000] c'), { name: 'a - b [ 1.000000] c' });
});

test('lines that only resemble the format are other', (t) => {
  const lines = [
    'ok',
    'ok then',
    'ok 1x',
    'ok 99999999 a',
    'not  ok 1 a',
    'oknot 1',
    '1..',
    '1..x',
    '2..3',
    'KTAP version 10',
    'TAP version 13 and more',
    'see KTAP version 1',
    'pages 1..2',
    'no Bail out! here',
    'it is ok 1 a',
    `ok 1 ${'a'.repeat(5000)}`,
  ];
  for (const line of lines.slice(1)) t.is(readLine(line).kind, 'other', line.slice(0, 40));
  t.is(readLine('ok').kind, 'result');
});

test('unknown lines become diagnostics of the next result', (t) => {
  const document = parse(`${head(2)}noise\nok 1 a\n  ok 1 nowhere\n# b said\nok 2 b\n# after`);
  t.deepEqual(document.errors, []);
  t.deepEqual(
    document.results.map(({ diagnostics }) => diagnostics),
    [['noise'], ['  ok 1 nowhere', '# b said']],
  );
  t.deepEqual(document.diagnostics, ['# after']);
});

test('hostile amounts of output are bounded and noted', (t) => {
  const parser = new KtapParser();
  for (const line of ['TAP version 13', '1..1']) parser.push(line);
  for (let i = 0; i < 5000; i += 1) parser.push(`# ${i} ${'x'.repeat(10_000)}`);
  parser.push('ok 1 a');
  const [result] = parser.end().results;
  const diagnostics = result?.diagnostics ?? [];
  t.is(diagnostics.length, Diagnostics.maxLines + 1);
  t.true(diagnostics.every((line) => line.length <= Diagnostics.maxLineLength));
  t.true(diagnostics[0]?.startsWith('# 0 '));
  t.true(diagnostics.at(-1)?.startsWith('# 4999 '));
  t.is(diagnostics[100], '… 4800 lines dropped …');
});

test('hostile amounts of results, nesting and errors are bounded', (t) => {
  const parser = new KtapParser();
  parser.push('TAP version 13');
  for (let i = 1; i <= 20_000; i += 1) parser.push(`ok ${i} a`);
  for (let i = 0; i < 1000; i += 1) parser.push(`${'  '.repeat(i)}1..1`);
  const document = parser.end();
  t.is(document.results.length, 10_000);
  t.is(document.errors.length, 20);
  t.true(document.errors.includes('too many results'));
});

test('many results with long diagnostics stay within one limit', (t) => {
  const parser = new KtapParser();
  parser.push('TAP version 13');
  for (let i = 1; i <= 300; i += 1) {
    for (let line = 0; line < 200; line += 1) parser.push(`# ${'x'.repeat(498)}`);
    parser.push(`ok ${i} a`);
  }
  const kept = parser.end().results.flatMap(({ diagnostics }) => diagnostics);
  t.true(kept.reduce((sum, line) => sum + line.length, 0) < 5_000_000);
});

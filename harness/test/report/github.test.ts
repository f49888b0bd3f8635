// SPDX-License-Identifier: MIT

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { BuildError, EXIT } from '../../errors.ts';
import { annotations, commands, GithubReporter } from '../../report/github.ts';
import { failureSummary, githubSummary } from '../../report/githubSummary.ts';
import { Telling } from '../../report/telling.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';
import { Collected, replay } from './collect.ts';
import { CONTROLS, hostileResults } from './hostile.ts';

const bad = (name: string) => sampleTest({ name, status: 'fail', reason: 'wrong, 100%: really' });

test('commands are stopped until the end, then the annotations come', async (t) => {
  const stream = new Collected();
  await replay([new GithubReporter({ stream, token: 'T' })], sampleResults([bad('a')]));
  t.deepEqual(stream.lines, [
    '::stop-commands::T',
    '::T::',
    '::error title=mempinfd%3Aa failed::wrong, 100%25: really',
  ]);
});

test('the token cannot be guessed', async (t) => {
  const tokens = await Promise.all(
    [1, 2].map(async () => {
      const stream = new Collected();
      await replay([new GithubReporter({ stream })], sampleResults([sampleTest()]));
      return stream.lines[0];
    }),
  );
  t.regex(tokens[0] ?? '', /^::stop-commands::[0-9a-f]{32}$/);
  t.not(tokens[0], tokens[1]);
});

test('a splat is annotated at its first frame that the repository has, before failures', (t) => {
  const splat = sampleSplat({
    frames: [
      { symbol: 'a', file: 'mm/gup.c', line: 5 },
      { symbol: 'b', file: 'mm/gup.c', line: 42, repository: { file: 'a.patch', line: 7 } },
    ],
  });
  const [first, second] = annotations(sampleResults([bad('a')], [splat]));
  t.like(first, { file: 'a.patch', line: 7, level: 'error' });
  t.is(second?.title, 'mempinfd:a failed');
  t.is(annotations(sampleResults([], [sampleSplat()]))[0]?.file, undefined);
});

test('file, line and title of an annotation are encoded', (t) => {
  const [line] = commands([
    { level: 'error', title: 'a:b,c%', message: 'x\r\ny%', file: 'a,b.c', line: 3 },
  ]);
  t.is(line, '::error file=a%2Cb.c,line=3,title=a%3Ab%2Cc%25::x%0Ay%25');
});

test('no more than ten per level, and the rest is counted', (t) => {
  const tests = Array.from({ length: 25 }, (_, i) => bad(`t${i}`));
  const lines = commands(annotations(sampleResults(tests)));
  t.is(lines.length, 10);
  t.is(lines.at(-1), '::error title=pinlab::+16 more');
  t.is(commands(annotations(sampleResults(tests.slice(0, 10)))).length, 10);
});

test('a flaky test is a warning, a run in which nothing ran an error', (t) => {
  const attempt = { durationMs: 1, diagnostics: [] };
  const attempts = [
    { ...attempt, status: 'fail' as const },
    { ...attempt, status: 'pass' as const },
  ];
  t.like(annotations(sampleResults([sampleTest({ attempts })])), {
    0: { level: 'warning', message: '1 of 2 attempts failed' },
  });
  t.like(annotations(sampleResults([])), {
    0: { level: 'error', message: 'the run is not green: nothing ran' },
  });
  t.deepEqual(annotations(sampleResults([sampleTest()])), []);
});

test('text of a hostile guest is never a command of its own', async (t) => {
  const stream = new Collected();
  await replay([new GithubReporter({ stream, token: 'T' })], hostileResults());
  t.is(stream.lines.length, 4);
  t.true(stream.lines.slice(2).every((line) => line.startsWith('::error ')));
  t.notRegex(stream.text, CONTROLS);
});

test('the summary is appended to its file', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-summary-'));
  const summaryFile = join(directory, 'summary.md');
  const results = sampleResults([sampleTest()]);
  for (let i = 0; i < 2; i += 1) {
    const options = { stream: new Collected(), summaryFile, token: 'T' };
    await replay([new GithubReporter(options)], results);
  }
  const text = await readFile(summaryFile, 'utf8');
  await rm(directory, { recursive: true });
  t.is(text, githubSummary(results).repeat(2));
  t.true(text.startsWith('<h2>pinlab: passed</h2>\n<p>1 passed in 4.2 s</p>\n'));
});

/** What GitHub hears of a run that ends with `error` in the middle of a build. */
async function failed(error: Error) {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-summary-'));
  const summaryFile = join(directory, 'summary.md');
  const stream = new Collected();
  const telling = new Telling([new GithubReporter({ stream, summaryFile, token: 'T' })]);
  telling.tell({ type: 'stageStart', stage: 'kernel', text: 'Linux' });
  await telling.during(Promise.reject(error)).catch(() => undefined);
  const summary = await readFile(summaryFile, 'utf8');
  await rm(directory, { recursive: true });
  return { lines: stream.lines, summary };
}

test('a build that fails resumes commands and is annotated at the line of its patch', async (t) => {
  const error = new BuildError('build the kernel: make exited with 2', {
    output: '../mm/gup.c:3:1: error: expected ;',
    hint: 'mend it',
  });
  error.place = { file: 'fix.patch', line: 5 };
  const { lines, summary } = await failed(error);
  t.deepEqual(lines, [
    '::stop-commands::T',
    '::T::',
    '::error file=fix.patch,line=5,title=build the kernel%3A make exited with 2::../mm/gup.c:3:1: error: expected ;%0Amend it',
  ]);
  t.is(summary, failureSummary(error));
  for (const word of ['make exited with 2', 'gup.c:3:1: error', 'mend it'])
    t.true(summary.includes(word), word);
});

test('an error without a place or output is annotated all the same, and none of it is a command', async (t) => {
  const { lines } = await failed(new Error('no\n::error::x'));
  t.deepEqual(lines.slice(1), ['::T::', '::error title=no%0A%3A%3Aerror%3A%3Ax::no%0A::error::x']);
  const hostile = new BuildError('<script>', { output: 'a\n\n<script>\n\x1b[2J', hint: '<b>' });
  const { summary } = await failed(hostile);
  t.is(hostile.exitCode, EXIT.infra);
  t.notRegex(summary, CONTROLS);
  t.notRegex(summary, /<script>|<b>|\n\n/);
});

test('of a long output the summary of an error has the end', (t) => {
  const output = Array.from({ length: 500 }, (_, i) => `line ${i};`).join('\n');
  const summary = failureSummary({ message: 'no', output });
  t.true(summary.includes('line 499;'));
  t.false(summary.includes('line 9;'));
});

test('a summary that cannot be written is an error of ours', async (t) => {
  const options = { stream: new Collected(), summaryFile: '/nonexistent/summary.md' };
  const error = await t.throwsAsync(
    replay([new GithubReporter(options)], sampleResults([sampleTest()])),
  );
  t.is(error?.name, 'InfraError');
});

test('every line of the summary is HTML to its end, whatever the guest printed', (t) => {
  const text = 'WARNING: x\n\n![p](http://example.org/x.png)\n=====\n\n# heading';
  const attempts = [{ status: 'fail' as const, durationMs: 1, diagnostics: ['a', '', '- b'] }];
  const failed = { ...bad('a'), attempts };
  const lines = githubSummary(sampleResults([failed], [sampleSplat({ text })])).split('\n');
  t.is(lines.pop(), '');
  for (const line of lines) t.regex(line, /^<(?:h2|p|details)>.*<\/(?:h2|p|details)>$/);
});

test('the summary of a hostile run is bounded and has no element of the guest', (t) => {
  const summary = githubSummary(hostileResults());
  t.false(summary.includes('<script'));
  t.notRegex(summary, CONTROLS);
  const long = Array.from({ length: 3000 }, (_, i) => {
    const diagnostics = Array.from({ length: 20 }, () => '&'.repeat(100));
    return { ...bad(`t${i}`), attempts: [{ status: 'fail' as const, durationMs: 1, diagnostics }] };
  });
  const bounded = githubSummary(sampleResults(long));
  t.true(Buffer.byteLength(bounded) < 1024 * 1024);
  t.regex(bounded, /<p>\d+ more in results\.json<\/p>\n$/);
});

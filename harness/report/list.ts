// SPDX-License-Identifier: MIT

import type { RunEnd, RunStart, TestEnd } from '../schema/events.ts';
import { printable, printableText } from '../schema/printable.ts';
import type { Attempt, Results, Splat, TestResult, TestStatus } from '../schema/results.ts';
import { isBad, isFlaky } from '../schema/verdict.ts';
import { coverageLines } from './coverage.ts';
import {
  badSplats,
  badTests,
  countersLine,
  failureRate,
  frameText,
  rerunCommand,
  summaryLine,
  verdictWord,
} from './describe.ts';
import { duration } from './duration.ts';
import { type Paint, painter } from './paint.ts';
import type { Output, Reporter } from './reporter.ts';

export interface ListOptions {
  stream: Output;
  color: boolean;
}

const STATUS = {
  pass: { word: 'ok', color: 'green' },
  fail: { word: 'FAIL', color: 'red' },
  skip: { word: 'skip', color: 'yellow' },
  lost: { word: 'LOST', color: 'red' },
} as const satisfies Record<TestStatus, { word: string; color: Parameters<Paint>[0] }>;

const DIAGNOSTIC_LINES = 40;
const SPLAT_LINES = 60;

/** For the terminal: a line per test as it ends, and at the end everything about what went wrong. */
export class ListReporter implements Reporter {
  readonly #stream: Output;
  readonly #paint: Paint;
  #width = 40;

  constructor({ stream, color }: ListOptions) {
    this.#stream = stream;
    this.#paint = painter(color);
  }

  runStart({ planned }: RunStart) {
    this.#width = Math.min(72, Math.max(0, ...planned.map((id) => id.length)));
    this.#write([`running ${planned.length} ${planned.length === 1 ? 'test' : 'tests'}`]);
  }

  testEnd({ test }: TestEnd) {
    this.#write([testLine(test, this.#width, this.#paint)]);
  }

  runEnd({ results }: RunEnd) {
    for (const test of badTests(results))
      this.#write(['', ...testBlock(test, results, this.#paint)]);
    for (const splat of badSplats(results)) this.#write(['', ...splatBlock(splat, this.#paint)]);
    if (results.coverage) this.#write(['', ...coverageLines(results.coverage)]);
    const color = results.summary.exitCode === 0 ? 'green' : 'red';
    const verdict = this.#paint(color, verdictWord(results.summary));
    this.#write(['', `${verdict}: ${summaryLine(results)}`]);
  }

  #write(lines: readonly string[]) {
    this.#stream.write(`${lines.join('\n')}\n`);
  }
}

function testLine(test: TestResult, width: number, paint: Paint): string {
  const { word, color } = STATUS[test.status];
  const id = printable(test.id).padEnd(width);
  const facts = [duration(test.durationMs).padStart(8), stallsText(test), noteText(test)];
  const line = `${paint(color, word.padEnd(4))}  ${id} ${facts.filter(Boolean).join('  ')}`;
  return line.trimEnd();
}

/** Shown where there were any: the heart of what a pin must prevent. */
function stallsText({ counters }: TestResult): string {
  const stalls = counters?.stalls ?? 0;
  return stalls > 0 ? `${stalls} ${stalls === 1 ? 'stall' : 'stalls'}` : '';
}

function noteText(test: TestResult): string {
  if (isFlaky(test)) return `flaky: ${failureRate(test)}`;
  const rate = test.attempts.length > 1 && isBad(test) ? `${failureRate(test)}: ` : '';
  return test.reason && test.status !== 'pass' ? `${rate}${printable(test.reason)}` : '';
}

function testBlock(test: TestResult, results: Results, paint: Paint): string[] {
  const { word, color } = STATUS[test.status];
  const place = test.source && `${test.source.file}:${test.source.line}`;
  const counters = countersLine(test);
  return [
    `${paint(color, word)} ${paint('bold', printable(test.id))}`,
    ...(test.reason ? [`  ${printable(test.reason)}`] : []),
    ...(place ? [`  at ${printable(place)}`] : []),
    ...test.attempts.flatMap((attempt, i) =>
      isBad(attempt) ? attemptLines(attempt, i, test.attempts.length) : [],
    ),
    ...(counters ? [`  device: ${counters}`] : []),
    ...test.splats.map((fingerprint) => `  splat: ${printable(fingerprint)}`),
    `  again: ${rerunCommand(results, test)}`,
  ];
}

function attemptLines(
  { diagnostics, status, reason }: Attempt,
  index: number,
  of: number,
): string[] {
  const title = `  attempt ${index + 1} of ${of}: ${status}${reason ? `, ${printable(reason)}` : ''}`;
  const dropped = diagnostics.length - DIAGNOSTIC_LINES;
  return [
    ...(of > 1 ? [title] : []),
    ...(dropped > 0 ? [`    … ${dropped} earlier lines are in results.json`] : []),
    ...diagnostics.slice(-DIAGNOSTIC_LINES).map((line) => `    ${printable(line)}`),
  ];
}

function splatBlock(splat: Splat, paint: Paint): string[] {
  const during = splat.test ? `during ${printable(splat.test)}` : 'outside every test';
  return [
    `${paint('red', 'SPLAT')} ${paint('bold', printable(splat.title))} ${during}`,
    `  fingerprint ${printable(splat.fingerprint)}`,
    ...splat.frames.map((frame) => `  ${frameText(frame)}`),
    ...printableText(splat.text, SPLAT_LINES)
      .split('\n')
      .map((line) => `    ${line}`),
  ];
}

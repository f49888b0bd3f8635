// SPDX-License-Identifier: MIT

import { join } from 'node:path';
import type { RunEnd } from '../schema/events.ts';
import type { Attempt, Results, Splat, TestResult } from '../schema/results.ts';
import { decidingAttempt, isBad } from '../schema/verdict.ts';
import { runProblem, untoldSplats } from './describe.ts';
import { writeReport } from './file.ts';
import { escapeLine, escapeLines } from './markup.ts';
import type { Reporter } from './reporter.ts';

/** Keeps `junit.xml` in a directory. */
export class JunitReporter implements Reporter {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async runEnd({ results }: RunEnd) {
    await writeReport(join(this.#directory, 'junit.xml'), junitText(results));
  }
}

/** One `<testcase>`; `outcome` is what the suite's totals count it as. */
interface Case {
  outcome: 'pass' | 'failure' | 'error' | 'skipped';
  seconds: number;
  xml: string;
}

/** The run as JUnit XML: one flat suite per program, since consumers drop nested ones. */
export function junitText(results: Results): string {
  const programs = Map.groupBy(results.tests, ({ program }) => program);
  const suites = [...programs].map(([name, tests]) => suite(name, tests.map(testCase), results));
  const others = [...untoldSplats(results).map(splatCase), ...problem(results)];
  const kernel = others.length > 0 ? [suite('kernel', others, results)] : [];
  const time = (results.durationMs / 1000).toFixed(3);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="pinlab" time="${time}">`,
    ...suites,
    ...kernel,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(name: string, cases: readonly Case[], { startedAt }: Results): string {
  const number = (outcome: Case['outcome']) =>
    cases.filter((one) => one.outcome === outcome).length;
  const attributes = attributeList({
    name,
    tests: cases.length,
    failures: number('failure'),
    errors: number('error'),
    skipped: number('skipped'),
    time: cases.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3),
    timestamp: startedAt.replace(/\.\d+Z$/, ''),
  });
  return [`  <testsuite ${attributes}>`, ...cases.map(({ xml }) => xml), '  </testsuite>'].join(
    '\n',
  );
}

function testCase(test: TestResult): Case {
  const seconds = test.durationMs / 1000;
  const attributes = attributeList({
    name: test.name,
    classname: test.program,
    time: seconds.toFixed(3),
    ...(test.source ? { file: test.source.file, line: test.source.line } : {}),
  });
  const decisive = decidingAttempt(test.attempts);
  const others = test.attempts.filter((one) => one !== decisive && isBad(one));
  const retry = test.status === 'pass' ? 'flakyFailure' : 'rerunFailure';
  const inner = [...verdict(test), ...others.map((attempt) => retryElement(retry, attempt))];
  return { outcome: OUTCOMES[test.status], seconds, xml: caseElement(attributes, inner) };
}

const OUTCOMES = { pass: 'pass', fail: 'failure', skip: 'skipped', lost: 'error' } as const;

function verdict({ status, reason = '', attempts }: TestResult): string[] {
  if (status === 'pass') return [];
  const message = `message="${escapeLine(reason)}"`;
  if (status === 'skip') return [`<skipped ${message}/>`];
  const name = OUTCOMES[status];
  const said = decidingAttempt(attempts)?.diagnostics.join('\n') ?? '';
  return [`<${name} ${message} type="${status}">${escapeLines(said)}</${name}>`];
}

/** Surefire's elements for attempts that did not decide. */
function retryElement(name: string, { status, reason = '', diagnostics }: Attempt): string {
  const said = escapeLines(diagnostics.join('\n'));
  const message = `message="${escapeLine(reason)}" type="${status}"`;
  return `<${name} ${message}><system-out>${said}</system-out></${name}>`;
}

function splatCase({ kind, title, text }: Splat): Case {
  const error = `<error message="${escapeLine(title)}" type="splat">${escapeLines(text)}</error>`;
  const attributes = attributeList({ name: title, classname: `kernel.${kind}`, time: '0.000' });
  return { outcome: 'error', seconds: 0, xml: caseElement(attributes, [error]) };
}

/** A run that is red for another reason must not look green here. */
function problem(results: Results): Case[] {
  const message = runProblem(results);
  if (message === undefined) return [];
  const attributes = attributeList({ name: 'run', classname: 'pinlab', time: '0.000' });
  const error = `<error message="${escapeLine(message)}" type="run"/>`;
  return [{ outcome: 'error', seconds: 0, xml: caseElement(attributes, [error]) }];
}

function caseElement(attributes: string, inner: readonly string[]): string {
  if (inner.length === 0) return `    <testcase ${attributes}/>`;
  const content = inner.map((element) => `      ${element}`).join('\n');
  return `    <testcase ${attributes}>\n${content}\n    </testcase>`;
}

function attributeList(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${escapeLine(`${value}`)}"`)
    .join(' ');
}

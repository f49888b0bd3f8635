// SPDX-License-Identifier: MIT

import { printable } from '../schema/printable.ts';
import { type AssertionSite, assertionIn, isProgress } from './kselftest.ts';
import { type KtapDocument, KtapParser, type KtapResult } from './parse.ts';
import { statusOf } from './status.ts';

/** How the program that ran the test ended, as its channel reported it. */
export type ProgramEnd =
  | { how: 'exited'; code: number }
  | { how: 'killed'; signal: string }
  | { how: 'timedOut'; afterMs: number }
  | { how: 'lost'; reason: string };

/** What is known about the test after its program ended. */
export interface Judgement {
  status: 'pass' | 'fail' | 'skip' | 'lost';
  /** Absent on a pass. */
  reason?: string;
  /** What the test printed, without the test framework's own progress lines. */
  diagnostics: string[];
  /** The assertion that failed first, where the test named one. */
  assertion?: AssertionSite;
}

type Verdict = Pick<Judgement, 'status' | 'reason'>;

const KSFT_PASS = 0;
const KSFT_SKIP = 4;

/**
 * Judges one run of one test of a `kselftest_harness.h` program (`program -r name`). A pass takes
 * a complete stream whose only result is `ok` for that name, and an exit code that agrees.
 */
export class Judge {
  readonly #name: string;
  readonly #parser = new KtapParser();

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes a line of the program's standard output. */
  push(line: string) {
    this.#parser.push(line);
  }

  /** Takes a line of its standard error, which is never more than a diagnostic. */
  note(line: string) {
    this.#parser.note(line);
  }

  conclude(end: ProgramEnd): Judgement {
    const document = this.#parser.end();
    const said = document.results.flatMap((result) => result.diagnostics);
    const all = [...said, ...document.diagnostics, ...subtestLines(document)];
    const diagnostics = all.filter((line) => !isProgress(line));
    const assertion = firstAssertion(diagnostics);
    const site = assertion ? { assertion } : {};
    const verdict = verdictOf(document, this.#name, end);
    if (verdict.status !== 'fail' || verdict.reason) return { ...verdict, diagnostics, ...site };
    const reason = assertion?.message ?? diagnostics.at(-1)?.replace(/^# */, '');
    return { ...verdict, reason: reason ?? 'reported not ok', diagnostics, ...site };
  }
}

/** The judgement on `lines` of standard output. */
export function judge(name: string, lines: Iterable<string>, end: ProgramEnd): Judgement {
  const judge = new Judge(name);
  for (const line of lines) judge.push(line);
  return judge.conclude(end);
}

function verdictOf(document: KtapDocument, name: string, end: ProgramEnd): Verdict {
  if (end.how === 'lost') return { status: 'lost', reason: printable(end.reason) };
  if (end.how === 'timedOut') {
    return { status: 'lost', reason: `the test did not end within ${end.afterMs} ms` };
  }
  const [result, ...others] = document.results;
  if (!result) return withoutResult(document, name, end);
  if (others.length > 0) {
    return fail(`${others.length + 1} results where one was due: output is mixed or forged`);
  }
  if (result.name !== name) return fail(`the result is for "${result.name}", not for "${name}"`);
  const [error] = document.errors;
  return error === undefined ? agreed(result, end) : fail(error);
}

function withoutResult(document: KtapDocument, name: string, end: ProgramEnd): Verdict {
  const [error] = document.errors;
  if (document.plan === 0 && error === undefined) {
    if (document.skip === undefined) {
      return { status: 'lost', reason: `the program has no test "${name}"` };
    }
    const agrees = end.how === 'exited' && (end.code === KSFT_SKIP || end.code === KSFT_PASS);
    if (agrees) return { status: 'skip', reason: document.skip || 'no reason given' };
  }
  return { status: 'lost', reason: `the program ${describe(end)} without a result` };
}

/** The result's own status, unless the way the program ended contradicts it. */
function agreed(result: KtapResult, end: ProgramEnd): Verdict {
  const status = statusOf(result);
  const agrees =
    status.status === 'fail' ||
    (end.how === 'exited' &&
      (end.code === KSFT_PASS || (status.status === 'skip' && end.code === KSFT_SKIP)));
  return agrees ? status : fail(`reported ${status.status}, but the program ${describe(end)}`);
}

function describe(end: ProgramEnd): string {
  if (end.how === 'exited') return `exited with ${end.code}`;
  return end.how === 'killed' ? `was killed by ${end.signal}` : 'did not end';
}

function fail(reason: string): Verdict {
  return { status: 'fail', reason };
}

/** What became of subtests, and each that failed: the result itself names the first at most. */
function subtestLines(document: KtapDocument): string[] {
  const leaves = document.results.flatMap(({ subtests }) => (subtests ? leavesOf(subtests) : []));
  if (leaves.length === 0) return [];
  const withStatus = (wanted: string) =>
    leaves.filter((result) => statusOf(result).status === wanted);
  const [passed, failed, skipped] = ['pass', 'fail', 'skip'].map(withStatus);
  return [
    `# subtests: ${passed?.length} passed, ${failed?.length} failed, ${skipped?.length} skipped`,
    ...(failed ?? []).map(({ number, name }) => `not ok ${number} ${name}`),
  ];
}

/** The results below which there are no others. */
function leavesOf({ results }: KtapDocument): KtapResult[] {
  return results.flatMap((result) => (result.subtests ? leavesOf(result.subtests) : [result]));
}

function firstAssertion(diagnostics: readonly string[]): AssertionSite | undefined {
  return diagnostics.map(assertionIn).find((site) => site !== undefined);
}

// SPDX-License-Identifier: MIT

import { EXIT, type ExitCode } from '../errors.ts';
import type { Attempt, Splat, Summary, TestResult, TestStatus } from './results.ts';

/** The result every planned test starts from, and keeps if nothing better is ever learnt. */
export function lostTest(id: string, reason: string): TestResult {
  const { program, name } = splitTestId(id);
  return {
    id,
    program,
    name,
    status: 'lost',
    reason,
    durationMs: 0,
    attempts: [],
    counters: null,
    splats: [],
  };
}

/** The two halves of `program:fixture.variant.test`. */
export function splitTestId(id: string): { program: string; name: string } {
  const colon = id.indexOf(':');
  return { program: id.slice(0, Math.max(colon, 0)), name: id.slice(colon + 1) };
}

/** The test's result after its attempts, in the light of the splats that appeared during them. */
export function concludeTest(
  id: string,
  attempts: readonly Attempt[],
  splats: readonly Splat[] = [],
): TestResult {
  const decisive = decidingAttempt(attempts);
  if (!decisive) return lostTest(id, 'never started');
  const { reason: _, ...started } = lostTest(id, '');
  const own = splats.filter(({ test }) => test === id);
  return {
    ...started,
    status: decisive.status,
    ...reasonOf(decisive.reason),
    durationMs: attempts.reduce((sum, { durationMs }) => sum + durationMs, 0),
    attempts: [...attempts],
    counters: decisive.counters ?? null,
    splats: [...new Set(own.map(({ fingerprint }) => fingerprint))],
  };
}

/** A repetition is worth its last attempt, and a test no more than its worst repetition. */
const WORST_FIRST: readonly TestStatus[] = ['fail', 'lost', 'skip', 'pass'];

/** The attempt whose status is the test's; none where there was no attempt. */
export function decidingAttempt(attempts: readonly Attempt[]): Attempt | undefined {
  const repetitions = Map.groupBy(attempts, ({ repetition = 1 }) => repetition);
  const last = [...repetitions.values()].map((tries) => tries.at(-1) as Attempt);
  return WORST_FIRST.map((status) => last.find((one) => one.status === status)).find(Boolean);
}

/** The attempt in the light of the splats that appeared during it: no pass survives one. */
export function withSplats(attempt: Attempt, id: string, splats: readonly Splat[]): Attempt {
  const worst = splats.find(({ test, allowed }) => test === id && allowed === undefined);
  if (!worst || isBad(attempt)) return attempt;
  return { ...attempt, status: 'fail', reason: `splat: ${worst.title}` };
}

/** Whether a run is red because of this. */
export function isBad({ status }: { status: TestStatus }): boolean {
  return status === 'fail' || status === 'lost';
}

/** One result per planned id, in the plan's order; those without a result are lost. */
export function completePlan(
  planned: readonly string[],
  finished: readonly TestResult[],
  reason: string,
): TestResult[] {
  const byId = new Map(finished.map((test) => [test.id, test]));
  return planned.map((id) => byId.get(id) ?? lostTest(id, reason));
}

/** Whether the test passed only after another attempt did not. */
export function isFlaky(test: TestResult): boolean {
  return test.status === 'pass' && test.attempts.some(isBad);
}

export interface SummaryOptions {
  /** The exit code of the error that ended the run early, if one did. */
  aborted?: ExitCode | undefined;
  /** What a flaky test makes of the run; by default nothing. */
  flaky?: 'tolerated' | 'failure' | undefined;
}

/** The summary of a run. */
export function summarise(
  tests: readonly TestResult[],
  splats: readonly Splat[],
  options: SummaryOptions = {},
): Summary {
  const number = (status: TestStatus) => tests.filter((test) => test.status === status).length;
  const counts = {
    passed: number('pass'),
    failed: number('fail'),
    skipped: number('skip'),
    lost: number('lost'),
    flaky: tests.filter(isFlaky).length,
    splats: splats.filter((splat) => splat.allowed === undefined).length,
  };
  return { ...counts, exitCode: exitCodeOf(counts, options) };
}

/**
 * The exit code that a summary deserves. What is proved bad outranks an error of ours that came
 * later; an error of ours explains lost tests; and a run in which nothing passed is never green.
 */
export function exitCodeOf(
  counts: Omit<Summary, 'exitCode'>,
  { aborted = EXIT.ok, flaky = 'tolerated' }: SummaryOptions = {},
): ExitCode {
  if (aborted === EXIT.interrupted) return EXIT.interrupted;
  if (counts.failed > 0 || counts.splats > 0) return EXIT.failed;
  if (aborted !== EXIT.ok) return aborted;
  if (counts.lost > 0) return EXIT.failed;
  if (counts.flaky > 0 && flaky === 'failure') return EXIT.failed;
  return counts.passed > 0 ? EXIT.ok : EXIT.infra;
}

function reasonOf(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

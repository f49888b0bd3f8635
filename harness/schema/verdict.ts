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

/** The test's result after its attempts: the last one decides, and none means lost. */
export function concludeTest(id: string, attempts: readonly Attempt[]): TestResult {
  const last = attempts.at(-1);
  if (!last) return lostTest(id, 'never started');
  const { reason: _, ...started } = lostTest(id, '');
  return {
    ...started,
    status: last.status,
    ...reasonOf(last.reason),
    durationMs: attempts.reduce((sum, { durationMs }) => sum + durationMs, 0),
    attempts: [...attempts],
    counters: last.counters ?? null,
  };
}

/** The test's result in the light of the splats that appeared during it: no pass survives one. */
export function withSplats(test: TestResult, splats: readonly Splat[]): TestResult {
  const own = splats.filter((splat) => splat.test === test.id);
  const fingerprints = [...new Set(own.map((splat) => splat.fingerprint))];
  const worst = own.find((splat) => splat.allowed === undefined);
  if (!worst || test.status === 'fail' || test.status === 'lost') {
    return { ...test, splats: fingerprints };
  }
  return { ...test, status: 'fail', reason: `splat: ${worst.title}`, splats: fingerprints };
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
  return test.status === 'pass' && test.attempts.some(({ status }) => status !== 'pass');
}

/** The summary of a run. `aborted` is the exit code of the error that ended it early, if one did. */
export function summarise(
  tests: readonly TestResult[],
  splats: readonly Splat[],
  aborted: ExitCode = EXIT.ok,
): Summary {
  const number = (status: TestStatus) => tests.filter((test) => test.status === status).length;
  const counts = {
    passed: number('pass'),
    failed: number('fail'),
    skipped: number('skip'),
    lost: number('lost'),
    splats: splats.filter((splat) => splat.allowed === undefined).length,
  };
  return { ...counts, exitCode: exitCodeOf(counts, aborted) };
}

/**
 * The exit code that a summary deserves. What is proved bad outranks an error of ours that came
 * later; an error of ours explains lost tests; and a run in which nothing passed is never green.
 */
export function exitCodeOf(
  counts: Omit<Summary, 'exitCode'>,
  aborted: ExitCode = EXIT.ok,
): ExitCode {
  if (aborted === EXIT.interrupted) return EXIT.interrupted;
  if (counts.failed > 0 || counts.splats > 0) return EXIT.failed;
  if (aborted !== EXIT.ok) return aborted;
  if (counts.lost > 0) return EXIT.failed;
  return counts.passed > 0 ? EXIT.ok : EXIT.infra;
}

function reasonOf(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

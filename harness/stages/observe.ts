// SPDX-License-Identifier: MIT
import { EXIT, type ExitCode } from '../errors.ts';
import { printableText } from '../schema/printable.ts';
import type { Splat, TestResult } from '../schema/results.ts';
import { summarise } from '../schema/verdict.ts';
import type { Detector } from './detectors.ts';

/** What came of one cause. */
export interface Observation {
  detector: string;
  cause: string;
  /** The verdict with its reason, or why there is none. */
  caughtAs: string;
  /** The test that the kernel's report was attributed to, where there was one. */
  attributedTo: string;
  exitCode: ExitCode | undefined;
  /** What is not as it must be. */
  problems: string[];
}

/** The module with the functions that break the kernel; see kernel/selftest/. */
const SOURCE = 'kernel/selftest/pinlab_selftest.c';

/** The id of the test that is `cause`, and nothing else. */
export function causeId(cause: string): string {
  return `selftest:${cause}`;
}

/** The id of the sound test that runs after `cause`, and must be judged as if nothing had happened. */
export function soundId(cause: string): string {
  return `selftest:after_${cause}`;
}

/** Compares what a run found with what `detector` must notice. */
export function observe(
  detector: Detector,
  tests: readonly TestResult[],
  splats: readonly Splat[],
): Observation {
  const id = causeId(detector.cause);
  const result = tests.find((test) => test.id === id);
  const sound = tests.find((test) => test.id === soundId(detector.cause));
  const own = splats.filter((splat) => splat.test === id);
  const exitCode = result && summarise([result], own).exitCode;
  return {
    detector: detector.name,
    cause: detector.cause,
    caughtAs: result ? `${result.status}: ${result.reason ?? 'no reason'}` : 'no result',
    attributedTo: own.length > 0 ? id : '-',
    exitCode,
    problems: [
      ...verdictProblems(detector, result, exitCode),
      ...reportProblems(detector, own),
      ...soundProblems(sound),
    ],
  };
}

function verdictProblems(
  { status, reason }: Detector,
  result: TestResult | undefined,
  exitCode: ExitCode | undefined,
): string[] {
  if (!result) return ['the test has no result'];
  const deserved = status === 'pass' ? EXIT.ok : EXIT.failed;
  return [
    ...(result.status === status ? [] : [`${result.status} instead of ${status}`]),
    ...(!reason || reason.test(result.reason ?? '') ? [] : [`the reason does not say ${reason}`]),
    ...(exitCode === deserved ? [] : [`exit code ${exitCode} instead of ${deserved}`]),
    ...(isClean(result) ? [] : ['the result contains control characters']),
  ];
}

function reportProblems({ splat, cause }: Detector, own: readonly Splat[]): string[] {
  const kinds = own.map(({ kind }) => kind);
  if (splat === undefined) return kinds.length === 0 ? [] : [`reported as ${kinds.join(', ')}`];
  const [first] = own;
  if (first?.kind !== splat) return [`reported as ${kinds.join(', ') || 'nothing'}, not ${splat}`];
  return splat === 'oom' || isDecoded(first, cause) ? [] : [`no frame is decoded to ${SOURCE}`];
}

/** The cause is a function of ours: its line in our source must have been found. */
function isDecoded({ frames }: Splat, cause: string): boolean {
  const ours = frames.filter(({ file, line }) => file === SOURCE && line !== undefined);
  const name = cause === 'forged_marker' ? 'cause_warning' : `cause_${cause}`;
  return ours.some(({ symbol }) => symbol === name);
}

function soundProblems(sound: TestResult | undefined): string[] {
  if (sound?.status === 'pass') return [];
  return [`the sound test after it: ${sound?.status ?? 'no result'} ${sound?.reason ?? ''}`.trim()];
}

function isClean(result: TestResult): boolean {
  const lines = [result.reason ?? '', ...result.attempts.flatMap(({ diagnostics }) => diagnostics)];
  return lines.every((line) => printableText(line) === line);
}

// SPDX-License-Identifier: MIT

import { COMMAND_LENGTH, printable } from '../schema/printable.ts';
import type { Frame, Results, Splat, Summary, TestResult } from '../schema/results.ts';
import { isBad } from '../schema/verdict.ts';
import { duration } from './duration.ts';

/** The tests that made the run red, in their order. */
export function badTests({ tests }: Results): TestResult[] {
  return tests.filter(isBad);
}

/** The splats that made the run red, each fingerprint once. */
export function badSplats({ splats }: Results): Splat[] {
  return eachOnce(splats.filter(({ allowed }) => allowed === undefined));
}

/** Those of them that no bad test shows, such as one during an attempt after which a retry passed. */
export function untoldSplats(results: Results): Splat[] {
  const bad = new Set<string | null>(badTests(results).map(({ id }) => id));
  return eachOnce(
    results.splats.filter(({ allowed, test }) => allowed === undefined && !bad.has(test)),
  );
}

function eachOnce(splats: readonly Splat[]): Splat[] {
  return [...new Map(splats.map((one) => [one.fingerprint, one])).values()];
}

/** What made the run red although no test shows it; undefined where a test does, or it is green. */
export function runProblem(results: Results): string | undefined {
  const { exitCode, splats } = results.summary;
  if (exitCode === 0 || badTests(results).length > 0 || splats > 0) return undefined;
  return `the run ${exitCode === 130 ? 'was' : 'is not green:'} ${verdictWord(results.summary)}`;
}

/** `18 passed, 1 failed, 2 skipped, 1 splat in 4.2 s`: what is zero goes unsaid, except passes. */
export function summaryLine({ summary, durationMs }: Results): string {
  const counts: [number, string][] = [
    [summary.failed, 'failed'],
    [summary.lost, 'lost'],
    [summary.skipped, 'skipped'],
    [summary.flaky, 'flaky'],
    [summary.splats, summary.splats === 1 ? 'splat' : 'splats'],
  ];
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const line = [`${summary.passed} passed`, ...parts].join(', ');
  return `${line} in ${duration(durationMs)}`;
}

/** `1 of 3 attempts failed`: how often a test did not do what it does at other times. */
export function failureRate({ attempts }: TestResult): string {
  const failed = attempts.filter(isBad).length;
  return `${failed} of ${attempts.length} attempts failed`;
}

/** The verdict in one word. */
export function verdictWord({ exitCode, passed }: Summary): string {
  if (exitCode === 0) return 'passed';
  if (exitCode === 130) return 'interrupted';
  if (exitCode === 3 && passed === 0) return 'nothing ran';
  return exitCode === 1 ? 'failed' : 'stopped by an error';
}

/** The counters that are not zero: `stalls 16, translations 32`; undefined where nothing counted. */
export function countersLine({ counters }: TestResult): string | undefined {
  if (!counters) return undefined;
  const seen = Object.entries(counters).filter(([, count]) => count > 0);
  return seen.map(([name, count]) => `${printable(name)} ${count}`).join(', ') || 'all zero';
}

/** `mm/mempinfd.c:42`, where the frame is decoded. */
export function frameLocation({ file, line }: Frame): string | undefined {
  if (file === undefined) return undefined;
  return printable(line === undefined ? file : `${file}:${line}`);
}

/** `mempinfd_pin+0x10 (mm/mempinfd.c:42) [module]`. */
export function frameText(frame: Frame): string {
  const place = frameLocation(frame);
  const name = frame.offset ? `${frame.symbol}+${frame.offset}` : frame.symbol;
  const module = frame.module ? ` [${frame.module}]` : '';
  return printable(`${name}${place ? ` (${place})` : ''}${module}`);
}

/** The shell line that runs this test alone, as the run did. */
export function rerunCommand({ command }: Results, { id }: TestResult): string {
  const pattern = `^${id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  // A bundle has one test.
  if (command[1] === 'replay') return shellLine(command);
  const kept = command.filter(
    (word, i) => !selects(word) && !TAKES_VALUE.has(command[i - 1] ?? ''),
  );
  return shellLine([...kept, '--grep', pattern]);
}

/** pinlab itself is not on the PATH of somebody who installed it in a project. */
function shellLine(command: readonly string[]): string {
  return printable(['npx', ...command].map(quote).join(' '), COMMAND_LENGTH);
}

/** Options that picked the tests of the run, and would hide this one from another; durations are for shards. */
const TAKES_VALUE: ReadonlySet<string> = new Set(['--grep', '--shard', '--durations']);

function selects(word: string): boolean {
  const [name = ''] = word.split('=');
  return TAKES_VALUE.has(name) || name === '--last-failed';
}

function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// SPDX-License-Identifier: MIT

import type { RunEnd, RunStart, SplatSeen, TestEnd } from '../schema/events.ts';
import { printable, printableText } from '../schema/printable.ts';
import type { Results, TestResult } from '../schema/results.ts';
import { decidingAttempt, isBad } from '../schema/verdict.ts';
import { countersLine, runProblem, summaryLine, untoldSplats } from './describe.ts';
import type { Output, Reporter } from './reporter.ts';

/** Writes KTAP version 1 as the tests end, for tools that read kernel test results. */
export class KtapReporter implements Reporter {
  readonly #stream: Output;
  readonly #reported = new Set<string>();

  constructor(stream: Output) {
    this.#stream = stream;
  }

  runStart({ planned }: RunStart) {
    this.#write(['KTAP version 1', `1..${planned.length}`]);
  }

  testEnd({ test }: TestEnd) {
    this.#result(test);
  }

  splat({ splat }: SplatSeen) {
    const allowed = splat.allowed === undefined ? '' : ` (allowed: ${splat.allowed})`;
    this.#write([comment(`splat: ${splat.title}${allowed}`)]);
  }

  runEnd({ results }: RunEnd) {
    // A test that never ended has a verdict all the same.
    for (const test of results.tests) if (!this.#reported.has(test.id)) this.#result(test);
    const problem = untold(results);
    if (problem !== undefined) this.#write([`Bail out! ${printable(problem)}`]);
    this.#write([comment(summaryLine(results))]);
  }

  #result(test: TestResult) {
    this.#reported.add(test.id);
    const counters = countersLine(test);
    this.#write([
      ...(decidingAttempt(test.attempts)?.diagnostics ?? []).map(comment),
      ...(counters === undefined ? [] : [comment(`device: ${counters}`)]),
      ...reasonLines(test),
      resultLine(test, this.#reported.size),
    ]);
  }

  #write(lines: readonly string[]) {
    this.#stream.write(`${lines.join('\n')}\n`);
  }
}

/** Why the run is red, where no line says `not ok`. */
function untold(results: Results): string | undefined {
  if (results.tests.some(isBad)) return undefined;
  const [splat] = untoldSplats(results);
  return splat ? `the kernel reported ${splat.title}` : runProblem(results);
}

function resultLine(test: TestResult, number: number): string {
  const name = printable(test.id).replace(/[#\\]/g, '\\$&');
  const reason = printable(test.reason ?? '');
  switch (test.status) {
    case 'pass':
      return `ok ${number} ${name}`;
    case 'skip':
      return `ok ${number} ${name} # SKIP ${reason}`.trimEnd();
    case 'lost':
      return `not ok ${number} ${name} # ERROR lost: ${reason}`.trimEnd();
    case 'fail':
      return `not ok ${number} ${name}`;
  }
}

/** A failure's reason stands on its own line: after `#` its first word might be a directive. */
function reasonLines({ status, reason }: TestResult): string[] {
  if (status !== 'fail' || reason === undefined) return [];
  return printableText(reason).split('\n').map(comment);
}

/** The `>` keeps text that looks like KTAP from being read as a subtest's. */
function comment(line: string): string {
  return `# > ${printable(line)}`;
}

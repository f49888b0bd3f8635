// SPDX-License-Identifier: MIT
import { EXIT, type ExitCode } from '../errors.ts';
import { printable } from '../schema/printable.ts';
import { MAX_GROWTH_MIB, type SelfTest } from '../stages/selfTest.ts';

/** Characters of what a report is titled that the table shows. */
const MAX_CAUGHT_AS = 60;

/** What was caused, what it was caught as, and whom it was attributed to, as a table for people. */
export function selftestTable(selfTest: SelfTest): string {
  const { observations, notOffered, grewMiB } = selfTest;
  const rows = observations.map(
    ({ detector, cause, caughtAs, attributedTo, exitCode, problems }) => [
      problems.length === 0 ? 'ok' : 'MISSED',
      detector,
      cause,
      printable(caughtAs, MAX_CAUGHT_AS),
      attributedTo,
      `${exitCode ?? '-'}`,
    ],
  );
  const head = ['', 'detector', 'caused', 'caught as', 'report attributed to', 'exit code'];
  const missed = observations.flatMap(({ cause, problems }) =>
    problems.map((problem) => printable(`MISSED ${cause}: ${problem}`)),
  );
  const absent = notOffered.map(
    ({ name, needs }) => `not offered: ${name}, for want of CONFIG_${needs}`,
  );
  const memory = `the harness grew by ${grewMiB} MiB while guests printed without end (${MAX_GROWTH_MIB} MiB allowed)`;
  return `${[...align([head, ...rows]), ...absent, ...missed, memory, conclusion(selfTest)].join('\n')}\n`;
}

/** The exit code that a self-test deserves: all was noticed, in bounded memory, or nothing happened. */
export function selftestCode({ observations, grewMiB }: SelfTest): ExitCode {
  if (observations.length === 0) return EXIT.infra;
  const noticed = observations.every(({ problems }) => problems.length === 0);
  return noticed && grewMiB <= MAX_GROWTH_MIB ? EXIT.ok : EXIT.failed;
}

function conclusion(selfTest: SelfTest): string {
  const { observations } = selfTest;
  if (observations.length === 0) return 'nothing ran: this kernel offers none of the causes';
  const noticed = observations.filter(({ problems }) => problems.length === 0).length;
  const verdict = selftestCode(selfTest) === EXIT.ok ? 'passed' : 'failed';
  return `${verdict}: ${noticed} of ${observations.length} causes noticed`;
}

function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

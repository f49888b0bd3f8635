// SPDX-License-Identifier: MIT

import type { BenchComparison, FigurePair, ResultsComparison } from '../schema/compare.ts';
import { printable } from '../schema/printable.ts';

/** What changed, for a terminal; the last line is the verdict. */
export function comparisonText(comparison: ResultsComparison | BenchComparison): string {
  const lines = comparison.kind === 'results' ? resultsLines(comparison) : benchLines(comparison);
  const { regressions } = comparison;
  const verdict = regressions.length === 0 ? 'no regression' : regressionCount(regressions.length);
  const shown = comparison.kind === 'bench' ? regressions.map((text) => `worse: ${text}`) : [];
  return `${[...lines, ...shown, verdict].map((line) => printable(line)).join('\n')}\n`;
}

function regressionCount(count: number): string {
  return `${count} ${count === 1 ? 'regression' : 'regressions'}`;
}

function resultsLines({ statuses, counters, splats }: ResultsComparison): string[] {
  return [
    ...statuses.map(({ id, before, after }) => `${before} → ${after}  ${id}`),
    ...counters.map(({ id, counter, before, after }) => `${id}  ${counter} ${before} → ${after}`),
    ...splats.map(
      (splat) => `${splat.in === 'after' ? 'new' : 'gone'}  ${splat.title} (${splat.fingerprint})`,
    ),
  ];
}

function benchLines({ figures }: BenchComparison): string[] {
  const several = new Set(figures.map(({ measure }) => measure)).size > 1;
  const rows = [
    ['', 'before', 'now', 'ratio'],
    ...figures.map((pair) => [
      several ? `${pair.name}, ${pair.measure}` : pair.name,
      ...numbers(pair),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  '),
  );
}

function numbers({ before, after, ratio }: FigurePair): string[] {
  return [`${before ?? '-'}`, `${after ?? '-'}`, ratio === undefined ? '-' : ratio.toFixed(3)];
}

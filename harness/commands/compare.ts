// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { EXIT, UsageError } from '../errors.ts';
import { comparisonText } from '../report/compareTable.ts';
import { compareDocuments } from '../stages/compareDocuments.ts';
import type { Invocation } from './invocation.ts';

/** `pinlab compare`: two results or two benchmarks side by side. */
export function compareCommand(invocation: Invocation) {
  return new Command('compare')
    .description('say what changed from one run, or one benchmark, to another')
    .argument('<before>', 'results.json or bench.json, or a directory with one')
    .argument('<after>', 'another of the same kind')
    .option(
      '--tolerance <percent>',
      'by how many percent a figure of bench.json may grow',
      percent,
      1,
    )
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      '\nExits with 1 if the second is worse: a test that no longer passes, a new report of the\n' +
        'kernel, a figure that grew beyond the tolerance or is gone.\n' +
        '\nExample:\n  $ npx pinlab compare before/bench.json results/bench.json',
    )
    .action(async (before, after, { tolerance, json }) => {
      const comparison = await compareDocuments([before, after], tolerance / 100);
      const text = json ? `${JSON.stringify(comparison, null, 2)}\n` : comparisonText(comparison);
      process.stdout.write(text);
      invocation.finish(comparison.regressions.length === 0 ? EXIT.ok : EXIT.failed);
    });
}

function percent(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--tolerance takes a number of percent, not ${text}`);
}

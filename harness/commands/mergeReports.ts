// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { Telling } from '../report/telling.ts';
import { mergeShards } from '../schema/merge.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { findResults, readResults } from '../stages/readResults.ts';
import type { Invocation } from './invocation.ts';
import { defaultReporters, openReporters, reporterNames } from './reporters.ts';

/** `pinlab merge-reports`: the shards of a run as one run. */
export function mergeReportsCommand(invocation: Invocation) {
  const { environment } = invocation;
  return new Command('merge-reports')
    .description(
      'join the results of all shards of a run, or report what a killed run had finished',
    )
    .argument('<dirs...>', 'output directories, or directories that hold these')
    .option('--output <dir>', 'where results.json and other reports go', 'results')
    .option(
      '--reporter <names>',
      `comma-separated: ${reporterNames.join(', ')}`,
      defaultReporters(environment),
    )
    .option('--fail-on-flaky', 'a test that passed only when retried fails the run')
    .addHelpText('after', '\nExample:\n  $ npx pinlab merge-reports shards/ --reporter list,html')
    .action(async (directories, { output, reporter, failOnFlaky }) => {
      const names = reporter.split(',').filter((name) => name !== '');
      const reporters = openReporters(names, await outputDirectory(output), environment);
      const files = await findResults(directories);
      const parts = await Promise.all(files.map(readResults));
      const results = mergeShards(parts, { flaky: failOnFlaky ? 'failure' : 'tolerated' });
      const { tests, splats } = results;
      const telling = new Telling(reporters);
      const planned = tests.map(({ id }) => id);
      telling.tell({ type: 'runStart', planned, record: results });
      for (const test of tests) telling.tell({ type: 'testEnd', test });
      for (const splat of splats) telling.tell({ type: 'splat', splat });
      telling.tell({ type: 'runEnd', results });
      await telling.done();
      invocation.finish(results.summary.exitCode);
    });
}

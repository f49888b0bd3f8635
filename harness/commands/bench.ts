// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { EXIT } from '../errors.ts';
import { benchMarkdown } from '../report/benchMarkdown.ts';
import { benchTable } from '../report/benchTable.ts';
import { writeReport } from '../report/file.ts';
import type { Bench } from '../schema/bench.ts';
import { benchKernel } from '../stages/benchKernel.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { progressReporter } from './reporters.ts';
import { wholeNumber } from './wholeNumber.ts';

/** `pinlab bench`: what holding memory costs, in instructions. */
export function benchCommand(invocation: Invocation) {
  return withKernelOptions('bench', 'bench')
    .description('count the instructions of PIN and UNPIN, beside other ways to hold memory')
    .option('--output <dir>', 'where bench.json goes', 'results')
    .option('--json', 'print bench.json on standard output instead of the tables')
    .option(
      '--update-results',
      'write what was counted to docs/results/bench-<version>.json and .md',
    )
    .option(
      '--boots <n>',
      'boots until figures that still differ are given up',
      wholeNumber('--boots', 2, 1_000),
      6,
    )
    .addHelpText('after', '\nExample:\n  $ npx pinlab bench --kernel 6.12')
    .action(async (options) => {
      const { environment, argv } = invocation;
      const output = await outputDirectory(options.output);
      const bench = await benchKernel({
        workspace: invocation.workspace(progressReporter(environment)),
        version: environment.version,
        command: ['pinlab', ...argv],
        choice: kernelChoice(options),
        mostBoots: options.boots,
        onBoot: (boot, unproven) =>
          process.stderr.write(`boot ${boot}: ${unproven} figures not yet counted alike twice\n`),
      });
      const text = `${JSON.stringify(bench, null, 2)}\n`;
      await writeReport(join(output, 'bench.json'), text);
      if (options.updateResults) await checkIn(environment.root, bench, text);
      process.stdout.write(options.json ? text : benchTable(bench));
      invocation.finish(bench.unproven.length === 0 ? EXIT.ok : EXIT.failed);
    });
}

/** What the cover letter's figures are from. */
async function checkIn(root: string, bench: Bench, text: string) {
  const [version = ''] = /^\d+\.\d+/.exec(bench.inputs.kernel.version) ?? [];
  const page = join(root, 'docs/results', `bench-${version}`);
  await writeReport(`${page}.json`, text);
  await writeReport(`${page}.md`, benchMarkdown(bench));
}

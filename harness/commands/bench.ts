// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { EXIT, UsageError } from '../errors.ts';
import { benchMarkdown } from '../report/benchMarkdown.ts';
import { benchTable } from '../report/benchTable.ts';
import { writeReport } from '../report/file.ts';
import type { Bench } from '../schema/bench.ts';
import { benchKernel } from '../stages/benchKernel.ts';
import type { KernelChoice } from '../stages/kernelRequest.ts';
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
      const choice = kernelChoice(options);
      if (options.updateResults) refuseOther(choice);
      const output = await outputDirectory(options.output, options.kernel);
      const bench = await benchKernel({
        workspace: invocation.workspace(progressReporter(environment)),
        version: environment.version,
        command: ['pinlab', ...argv],
        choice,
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

/** The pages are about pinlab's series on its bases, and are named by nothing but the version. */
function refuseOther(choice: KernelChoice) {
  const { kernel, series, patches = [], flavour, fragments } = choice;
  const itself = /^\d+\.\d+$/.test(kernel) && series === 'ours' && flavour === 'bench';
  if (itself && patches.length + fragments.length === 0) return;
  throw new UsageError('--update-results is about pinlab’s own series on one of its bases', {
    hint: 'leave out --update-results: bench.json in --output has the figures of any kernel',
  });
}

/** What the cover letter's figures are from. */
async function checkIn(root: string, bench: Bench, text: string) {
  const [version = ''] = /^\d+\.\d+/.exec(bench.inputs.kernel.version) ?? [];
  const page = join(root, 'docs/results', `bench-${version}`);
  await writeReport(`${page}.json`, text);
  await writeReport(`${page}.md`, benchMarkdown(bench));
}

// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { resolveBase } from '../stages/kernelRequest.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { writeSeries } from '../stages/writeSeries.ts';
import type { Invocation } from './invocation.ts';
import { progressReporter } from './reporters.ts';

/** `pinlab series`: the series as mails, for `git am` and for a mailing list. */
export function seriesCommand(invocation: Invocation) {
  return new Command('series')
    .description('write the kernel series as mails, cover letter first, for git am')
    .option('--base <base>', 'kernel that the series is for: 6.12 or 7.3', '6.12')
    .requiredOption('-o, --output <dir>', 'where the mails go')
    .addHelpText('after', '\nExample:\n  $ npx pinlab series --base 6.12 -o outgoing')
    .action(async ({ base, output }) => {
      const directory = await outputDirectory(output);
      const workspace = invocation.workspace(progressReporter(invocation.environment));
      const source = await resolveBase(workspace, base);
      for (const file of await writeSeries(workspace, source, directory)) {
        process.stdout.write(`${file}\n`);
      }
    });
}

// SPDX-License-Identifier: MIT
import { outputDirectory } from '../stages/outputDirectory.ts';
import { selfTest } from '../stages/selfTest.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { pattern } from './pattern.ts';
import { openListener } from './reporters.ts';
import { selftestCode, selftestTable } from './selftestTable.ts';

/** `pinlab selftest`: makes everything happen that pinlab claims to notice, and shows that it does. */
export function selftestCommand(invocation: Invocation) {
  return withKernelOptions('selftest')
    .description('break the guest in every known way, and show that each is noticed')
    .option('--grep <regexp>', 'only causes whose name matches', pattern('--grep'))
    .option('--output <dir>', 'where console.log goes', 'results/selftest')
    .addHelpText('after', '\nExample:\n  $ npx pinlab selftest --flavour debug')
    .action(async (options) => {
      const output = await outputDirectory(options.output, options.kernel);
      using listener = openListener(invocation.environment);
      const { emit } = listener;
      const workspace = invocation.workspace(emit);
      const choice = kernelChoice(options);
      const found = await selfTest({ workspace, choice, grep: options.grep, output, emit });
      process.stdout.write(selftestTable(found));
      invocation.finish(selftestCode(found));
    });
}

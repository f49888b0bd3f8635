// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { listTests } from '../stages/buildGuestTests.ts';
import { ensureHost } from '../stages/hostTools.ts';
import { describeSuites } from '../stages/suites.ts';
import { selectTests } from '../stages/testPlan.ts';
import type { Invocation } from './invocation.ts';
import { pattern } from './pattern.ts';
import { progressReporter } from './reporters.ts';
import { suite } from './suite.ts';

/** `pinlab list`: every test id, without booting anything. */
export function listCommand(invocation: Invocation) {
  return new Command('list')
    .description('print every test id, without booting')
    .argument('[suites...]', 'suites or guest programs to list; all without', suite, [])
    .option('--kernel <base|dir>', `kernel whose kselftest_harness.h the tests use`, '6.12')
    .option('--grep <regexp>', 'only tests whose id matches', pattern('--grep'))
    .option('--json', 'print JSON, with the source line of each test')
    .addHelpText('after', `\n${describeSuites()}`)
    .addHelpText('after', '\nExample:\n  $ npx pinlab list --grep unpinned')
    .action(async (suites, { kernel, grep, json }) => {
      const workspace = invocation.workspace(progressReporter(invocation.environment));
      await ensureHost(workspace);
      const tests = selectTests(await listTests(workspace, kernel), { suites, grep });
      process.stdout.write(
        json ? `${JSON.stringify(tests, null, 2)}\n` : tests.map(({ id }) => `${id}\n`).join(''),
      );
    });
}

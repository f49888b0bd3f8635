// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { GUEST_DIRECTORIES, openShell } from '../stages/openShell.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { timeLimits } from '../stages/timeLimits.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { machineChoice, withMachineOptions } from './machineOptions.ts';
import { openListener } from './reporters.ts';

/** `pinlab shell`: a shell in the booted guest, or one command there. */
export function shellCommand(invocation: Invocation) {
  return withMachineOptions(withKernelOptions('shell'))
    .description('open a shell in the booted guest, with the test device there')
    .argument('[command...]', 'after --, a command to run instead; pinlab exits with its exit code')
    .option(
      '--share <dir>',
      `copy a directory of this host to the guest's ${GUEST_DIRECTORIES.host}`,
    )
    .option('--output <dir>', 'where console.log goes', 'results/shell')
    .addHelpText('after', '\nExample:\n  $ npx pinlab shell --share ./traces -- ls -l /host /dev')
    .action(async (command, options) => {
      const { environment } = invocation;
      if (command.length === 0 && process.stdin.isTTY !== true) {
        throw new UsageError('a shell needs a terminal; name a command: pinlab shell -- COMMAND');
      }
      if (options.share) await checkDirectory(options.share);
      const output = await outputDirectory(options.output, options.kernel);
      using listener = openListener(environment);
      const code = await openShell({
        workspace: invocation.workspace(listener.emit),
        choice: kernelChoice(options),
        machine: machineChoice(options),
        ...{ output, share: options.share, bootTimeoutMs: timeLimits(options).bootTimeoutMs },
        // As ssh does: one string, for the guest's shell to take apart.
        ...(command.length > 0 ? { command: command.join(' ') } : {}),
        term: environment.term,
        streams: process,
        onReady: ({ bootMs }) => {
          listener[Symbol.dispose]();
          if (command.length === 0) process.stderr.write(welcome(bootMs, output, options.share));
        },
      });
      invocation.finish(code);
    });
}

function welcome(bootMs: number, output: string, share: string | undefined): string {
  const host = share === undefined ? '' : `, ${share} in ${GUEST_DIRECTORIES.host}`;
  return `booted in ${bootMs} ms; tests in ${GUEST_DIRECTORIES.tests}${host}; console in ${output}/console.log\n`;
}

async function checkDirectory(path: string) {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new UsageError(`--share ${path} is not a directory`, {
      hint: 'name a directory of this host; it is copied into the guest',
    });
  }
}

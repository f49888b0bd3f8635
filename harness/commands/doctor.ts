// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../errors.ts';
import { examineHost, repairHost } from '../stages/hostTools.ts';
import type { Invocation } from './invocation.ts';

/** `pinlab doctor`: what this host lacks and the one command that mends it. */
export function doctorCommand(invocation: Invocation) {
  return new Command('doctor')
    .description('say what this host lacks, and the one command that mends it')
    .option('--fix', 'install what is missing (as root or by passwordless sudo)')
    .addHelpText('after', '\nExample:\n  $ npx pinlab doctor --fix')
    .action(async ({ fix }) => {
      const workspace = invocation.workspace(() => undefined);
      if (fix) await repairHost(workspace, (line) => process.stderr.write(`${line}\n`));
      const findings = await examineHost(workspace);
      for (const { ok, text, remedy } of findings) {
        process.stdout.write(`${ok ? 'ok     ' : 'missing'}  ${text}\n`);
        if (!ok && remedy) process.stdout.write(`         ${remedy}\n`);
      }
      const code: ExitCode = findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.infra;
      invocation.finish(code);
    });
}

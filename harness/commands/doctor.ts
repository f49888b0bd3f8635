// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../errors.ts';
import { type Cost, pendingCosts, totalCost } from '../stages/buildCosts.ts';
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
      for (const line of costLines(await pendingCosts(workspace.cache.root))) {
        process.stdout.write(`${line}\n`);
      }
      const code: ExitCode = findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.infra;
      invocation.finish(code);
    });
}

/** What is not built yet, what that will cost, and the command that does it ahead of a run. */
export function costLines(costs: readonly Cost[]): string[] {
  if (costs.length === 0)
    return ['ok       every part has been built here: a run builds what changed since'];
  const lines = costs.map((cost) => `to build ${cost.what}: ${amount(cost)}`);
  return [...lines, `         npx pinlab build: ${amount(totalCost(costs))}, and the downloads`];
}

function amount({ mib, minutes }: Cost): string {
  const size = mib < 1024 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
  const rounded = Math.round(minutes);
  const time =
    rounded < 1 ? 'less than a minute' : `about ${rounded} minute${rounded > 1 ? 's' : ''}`;
  return `${size}, ${time}`;
}

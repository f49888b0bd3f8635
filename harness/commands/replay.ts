// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { Telling } from '../report/telling.ts';
import type { RunEvent } from '../schema/events.ts';
import { printable } from '../schema/printable.ts';
import type { Results } from '../schema/results.ts';
import { replay } from '../stages/replay.ts';
import { explain } from './explain.ts';
import type { Invocation } from './invocation.ts';
import { openReporters } from './reporters.ts';

/** `pinlab replay`: runs the test of a failure bundle again, building nothing. */
export function replayCommand(invocation: Invocation) {
  return new Command('replay')
    .description('run the test of a failure bundle again: no network, no build')
    .argument('<dir>', 'a directory below failures/ of a run')
    .option('--output <dir>', 'where results.json and console.log go (default: DIR/replay)')
    .addHelpText('after', '\nExample:\n  $ npx pinlab replay results/failures/pin_pin.anon.it')
    .action(async (directory, options) => {
      const output = resolve(options.output ?? join(directory, 'replay'));
      const reporters = openReporters(['list'], output, invocation.environment);
      const telling = new Telling(reporters);
      const emit = (event: RunEvent) => telling.tell(event);
      const workspace = invocation.workspace(emit);
      const command = ['pinlab', ...invocation.argv];
      const { results, before, error } = await replay({
        ...{ workspace, directory: resolve(directory), output, command, emit },
      });
      emit({ type: 'runEnd', results, explanation: error && explain(error) });
      await telling.done();
      process.stderr.write(`${comparison(before, results)}\n`);
      invocation.finish(results.summary.exitCode);
    });
}

/** Whether the test came to the same end as in the bundle. */
export function comparison(before: Results, after: Results): string {
  const [was, is] = [outcomeOf(before), outcomeOf(after)];
  return was === is
    ? 'replay: the same again'
    : printable(`replay: ${is}; in the bundle: ${was}`, 4000);
}

function outcomeOf({ tests: [test], splats }: Results): string {
  const reason = test?.reason ? `, ${test.reason}` : '';
  return [`${test?.status}${reason}`, ...splats.map(({ fingerprint }) => fingerprint)].join(', ');
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import { readEnvironment } from '../../commands/environment.ts';
import type { Invocation } from '../../commands/invocation.ts';
import { runCommand } from '../../commands/run.ts';
import { UsageError } from '../../errors.ts';

const REFUSED: [string[], RegExp][] = [
  [['--durations', 'results.json'], /^--durations is for --shard$/],
  [['--fingerprint', 'x'], /^--fingerprint is for --bisect$/],
  [['--watch', '--bisect'], /^--watch has no end, and --bisect/],
  [['--isolate', 'none', '--jobs', '2'], /^--isolate none has one guest, and --jobs 2 asks for/],
  [['--json', '--reporter', 'list,ktap'], /^ktap and json would be mixed on standard output$/],
];

for (const [args, message] of REFUSED) {
  test(`run ${args.join(' ')} is refused, since something would be ignored`, async (t) => {
    const interrupts = { signal: AbortSignal.abort() };
    const invocation = { environment: readEnvironment({}), interrupts, finish: () => undefined };
    const command = runCommand(invocation as unknown as Invocation);
    const error = await t.throwsAsync(command.parseAsync(args, { from: 'user' }));
    t.true(error instanceof UsageError);
    t.regex(error?.message ?? '', message);
  });
}

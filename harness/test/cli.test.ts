// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import test from 'ava';
import { start, tryRun } from '../host/spawn.ts';

const CLI = join(import.meta.dirname, '../cli.ts');

test('an unknown command is a usage error', async (t) => {
  const { code, stderr } = await tryRun(process.execPath, [CLI, 'judge'], { what: 'try' });
  t.is(code, 2);
  t.regex(stderr, /unknown command 'judge'/);
});

test('help is no error, and names every exit code', async (t) => {
  const { code, stdout } = await tryRun(process.execPath, [CLI, '--help'], { what: 'try' });
  t.is(code, 0);
  for (const exit of ['0', '1', '2', '3', '130']) t.regex(stdout, new RegExp(`^ {2}${exit} `, 'm'));
});

test('a reader that goes away early is no error', async (t) => {
  await using child = start(process.execPath, [CLI, '--help'], { what: 'try' });
  child.stdout.destroy();
  t.deepEqual(await child.exited, { code: 0, signal: undefined });
});

// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { tryRun } from '../../host/spawn.ts';
import { CLI, pinlab, temporaryDirectory } from './pinlab.ts';

test('a command in the guest has the device, the host’s files, and an exit code', async (t) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'note'), 'a word from the host');
  const command =
    'cat /host/note; test -c /dev/dma_testdev-0 && test -x /tests/pin; exit $(($? + 7))';
  const args = ['shell', '--share', directory.path, '--output', directory.path, '--', command];
  const { code, stdout, tail } = await pinlab(args);
  t.is(code, 7, tail);
  t.is(stdout, 'a word from the host');
});

test('a shell on a terminal obeys what is typed, and pinlab ends with its exit code', async (t) => {
  await using directory = await temporaryDirectory();
  // script(1) gives it a terminal.
  const line = `'${process.execPath}' '${CLI}' shell --output '${directory.path}'`;
  const { code, stdout, tail } = await tryRun('script', ['-qefc', line, '/dev/null'], {
    what: 'type into a shell',
    input: 'stty size; echo word-$((6 * 7))\nexit 9\n',
  });
  t.is(code, 9, tail);
  t.regex(stdout, /word-42/);
});

test('a guest that dies takes the session with it, and its last words are shown', async (t) => {
  await using directory = await temporaryDirectory();
  const command = 'echo c > /proc/sysrq-trigger; sleep 60';
  const { code, stderr } = await pinlab(['shell', '--output', directory.path, '--', command]);
  t.is(code, 255);
  t.regex(stderr, /Kernel panic - not syncing: sysrq triggered crash/);
});

test('a shell without a terminal is a usage error', async (t) => {
  const { code, stderr } = await pinlab(['shell']);
  t.is(code, EXIT.usage);
  t.regex(stderr, /a shell needs a terminal/);
});

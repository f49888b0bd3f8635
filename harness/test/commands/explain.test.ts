// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { explain } from '../../commands/explain.ts';
import { BootError, BuildError } from '../../errors.ts';
import { CONTROLS } from '../report/hostile.ts';

test('an error of ours says what happened, what was printed, and what to do', (t) => {
  const error = new BuildError('build it: make exited with 2', {
    output: 'a.c:1: error: x\nmake: *** [a.o]',
    command: 'make -C tree',
    hint: 'mend a.c',
  });
  t.is(
    explain(error),
    `pinlab: build it: make exited with 2
  | a.c:1: error: x
  | make: *** [a.o]
  reproduce: make -C tree
  what to do: mend a.c`,
  );
});

test('what a guest said acts on no terminal', (t) => {
  const error = new BootError('the guest did not become ready: \x1b[2Jgone', {
    output: 'Oops\r\n\x1b]0;owned\x07end',
    command: `run ${'x'.repeat(5_000)}`,
    hint: 'look\x9b2J',
  });
  const text = explain(error);
  t.notRegex(text, CONTROLS);
  t.true(text.includes('ready: gone\n  | Oops\n  | end\n'));
  t.true(text.includes(`  reproduce: run ${'x'.repeat(5_000)}\n`), 'a command is whole');
});

test('a full disk is named, with what to do', async (t) => {
  const error = await t.throwsAsync(writeFile('/dev/full', 'x'));
  t.regex(explain(error), /ENOSPC[^\n]*\n {2}what to do: the disk is full/);
});

test('a failed system call needs no stack, a mistake of ours does', async (t) => {
  const failed = await t.throwsAsync(writeFile('/no/such/directory/file', 'x'));
  t.regex(explain(failed), /^pinlab: ENOENT[^\n]*$/);
  t.regex(explain(new TypeError('oops')), /TypeError: oops\n\s+at /);
});

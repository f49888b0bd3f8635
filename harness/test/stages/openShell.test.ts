// SPDX-License-Identifier: MIT
import test from 'ava';
import { exitCodeOf } from '../../stages/openShell.ts';

test('the exit code is the command’s, a signal’s as a shell has it, or ssh’s for a lost guest', (t) => {
  t.is(exitCodeOf({ how: 'exited', code: 7 }), 7);
  t.is(exitCodeOf({ how: 'killed', signal: 'KILL' }), 137);
  t.is(exitCodeOf({ how: 'killed', signal: 'SIGSEGV' }), 139);
  t.is(exitCodeOf({ how: 'lost', reason: 'the guest closed the connection' }), 255);
});

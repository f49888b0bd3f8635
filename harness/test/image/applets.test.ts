// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { appletNames } from '../../image/applets.ts';

test('the names of the commands are read from the binary', (t) => {
  const binary = Buffer.from('\x7fELF\0\0code[\0[[\0acpid\0ash\0zcat\0\0usage: acpid\0');
  t.deepEqual(appletNames(binary), ['[', '[[', 'acpid', 'ash', 'zcat']);
});

test('a binary without them is an error', (t) => {
  for (const text of ['\x7fELF code\0\0', '[\0[[\0acpid']) {
    t.throws(() => appletNames(Buffer.from(text)), { instanceOf: InfraError });
  }
});

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { parsePackages } from '../../image/packages.ts';

test('a line is a package, its program or none, and a reason', (t) => {
  t.deepEqual(parsePackages('# comment\n\nbusybox-static  busybox  the shell\nlibc6 - linked\n'), [
    { name: 'busybox-static', program: 'busybox', reason: 'the shell' },
    { name: 'libc6', program: undefined, reason: 'linked' },
  ]);
});

test('a package without a reason is refused', (t) => {
  t.throws(() => parsePackages('libc6 -\n'), { instanceOf: UsageError, message: /libc6 -$/ });
});

test('the project’s own list parses', async (t) => {
  const list = new URL('../../../images/packages.txt', import.meta.url);
  const programs = parsePackages(await readFile(list, 'utf8')).flatMap(
    ({ program }) => program ?? [],
  );
  t.deepEqual(programs, ['busybox', 'dropbear']);
});

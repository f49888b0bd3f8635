// SPDX-License-Identifier: MIT
import test from 'ava';
import { dependenciesOf } from '../../kernel/module.ts';

const COMMAND = `savedcmd_/b/m.o := gcc -Wp,-MMD,/b/.m.o.d -I../include -c -o /b/m.o /b/m.c

source_/b/m.o := /b/m.c

deps_/b/m.o := \\
    $(wildcard include/config/CC_VERSION_TEXT) \\
  ../include/linux/kconfig.h \\
    $(wildcard include/config/BOOGER) \\
  /registers/regs.h \\

/b/m.o: $(deps_/b/m.o)

$(deps_/b/m.o):
`;

test('an object depends on its source, its headers and the options that they read', (t) => {
  t.deepEqual(dependenciesOf(COMMAND), [
    '/b/m.c',
    'include/config/CC_VERSION_TEXT',
    '../include/linux/kconfig.h',
    'include/config/BOOGER',
    '/registers/regs.h',
  ]);
});

test('a command without sources depends on nothing', (t) => {
  t.deepEqual(dependenciesOf('savedcmd_/b/m.ko := ld -r -o /b/m.ko /b/m.o\n'), []);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { linkage } from '../../image/elf.ts';
import { elfFile } from './elfFile.ts';

test('a dynamic program names its loader and its libraries', (t) => {
  const elf = elfFile({ interpreter: '/lib/ld.so.1', needed: ['liba.so.1', 'libc.so.6'] });
  t.deepEqual(linkage(elf, 'program'), {
    interpreter: '/lib/ld.so.1',
    needed: ['liba.so.1', 'libc.so.6'],
  });
});

test('a library has no loader', (t) => {
  const elf = elfFile({ needed: ['libc.so.6'] });
  t.deepEqual(linkage(elf, 'liba'), { interpreter: undefined, needed: ['libc.so.6'] });
});

test('a program without a dynamic segment needs nothing', (t) => {
  const elf = elfFile({});
  // Its program header says PT_NULL instead of PT_DYNAMIC.
  elf.writeUInt32LE(0, 64 + 56);
  t.deepEqual(linkage(elf, 'static'), { interpreter: undefined, needed: [] });
});

test('a file that is not a 64-bit ELF is refused by name', (t) => {
  const elf32 = elfFile({});
  elf32[4] = 1;
  for (const bytes of [Buffer.from('#!/bin/sh\n'), Buffer.alloc(0), elf32]) {
    t.throws(() => linkage(bytes, 'dropbear'), { instanceOf: InfraError, message: /^dropbear / });
  }
});

// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { checkSuite, programsOf, SUITES } from '../../stages/suites.ts';

test('every guest program is in exactly one suite', async (t) => {
  const files = await readdir(join(import.meta.dirname, '../../../guest-tests'));
  const programs = files.filter((name) => name.endsWith('.c')).map((name) => basename(name, '.c'));
  t.deepEqual(Object.values(SUITES).flat().toSorted(), programs.toSorted());
});

test('no suite has the name of a program', (t) => {
  const programs: readonly string[] = Object.values(SUITES).flat();
  t.deepEqual(
    Object.keys(SUITES).filter((name) => programs.includes(name)),
    [],
  );
});

test('a suite stands for its programs, any other name for itself', (t) => {
  t.deepEqual(programsOf(['machine', 'pin', 'dma']), new Set([...SUITES.machine, 'pin']));
  t.deepEqual(programsOf(['toString']), new Set(['toString']));
  t.deepEqual(programsOf([]), new Set());
});

test('what is unknown is named, with the suites and the programs that there are', (t) => {
  for (const name of ['nix', 'toString', '']) {
    const error = t.throws(() => checkSuite(name), { instanceOf: UsageError });
    t.is(error.message, `there is no suite and no program ${name}`);
    t.regex(`${error.hint}`, /^suites: machine, syscall; programs: blocked, .*, unpinnable$/);
  }
  for (const name of ['machine', 'pin']) t.notThrows(() => checkSuite(name));
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { DETECTORS } from '../../stages/detectors.ts';
import { pinlab, temporaryDirectory } from './pinlab.ts';

/** The options of the kernel that only the debug flavour has. */
const DEBUG_ONLY = [
  'KASAN',
  'PROVE_LOCKING',
  'PROVE_RCU',
  'DEBUG_ATOMIC_SLEEP',
  'DEBUG_LIST',
  'UBSAN_SHIFT',
];
const OF_DEBUG = DETECTORS.filter(({ needs = '' }) => DEBUG_ONLY.includes(needs));

test('everything that pinlab claims to notice is noticed, and named, on the real machine', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, stdout, tail } = await pinlab(['selftest', '--output', directory.path]);
  t.is(code, EXIT.ok, `${stdout}\n${tail}`);
  for (const { name, needs, cause } of DETECTORS) {
    if (DEBUG_ONLY.includes(needs ?? ''))
      t.true(stdout.includes(`not offered: ${name}, for want of`), name);
    else t.regex(stdout, noticed(name, cause));
  }
});

test('what only the kernel that checks itself can report is noticed there', async (t) => {
  await using directory = await temporaryDirectory();
  const causes = `^(${OF_DEBUG.map(({ cause }) => cause).join('|')})$`;
  const options = ['--flavour', 'debug', '--grep', causes, '--output', directory.path];
  const { code, stdout, tail } = await pinlab(['selftest', ...options]);
  t.is(code, EXIT.ok, `${stdout}\n${tail}`);
  t.is(OF_DEBUG.length, DEBUG_ONLY.length);
  for (const { name, cause } of OF_DEBUG) t.regex(stdout, noticed(name, cause));
});

test('causes that the kernel does not offer are no verdict', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--grep', '^shift$', '--output', directory.path];
  const { code, stdout, tail } = await pinlab(['selftest', ...options]);
  t.is(code, EXIT.infra, `${stdout}\n${tail}`);
  t.regex(stdout, /^not offered: UBSAN, for want of CONFIG_UBSAN_SHIFT$/m);
  t.regex(stdout, /^nothing ran: /m);
});

/** The line of the table that says that `cause` was noticed as it must be. */
function noticed(name: string, cause: string): RegExp {
  return new RegExp(`^ok +${name} +${cause} `, 'm');
}

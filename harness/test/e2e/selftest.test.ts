// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { DETECTORS } from '../../stages/detectors.ts';
import { pinlab, temporaryDirectory } from './pinlab.ts';

test('everything that pinlab claims to notice is noticed, and named, on the real machine', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, stdout, tail } = await pinlab(['selftest', '--output', directory.path]);
  t.is(code, EXIT.ok, `${stdout}\n${tail}`);
  const debugOnly = [
    'KASAN',
    'PROVE_LOCKING',
    'PROVE_RCU',
    'DEBUG_ATOMIC_SLEEP',
    'DEBUG_LIST',
    'UBSAN_SHIFT',
  ];
  for (const { name, needs = '', cause } of DETECTORS) {
    if (debugOnly.includes(needs))
      t.true(stdout.includes(`not offered: ${name}, for want of`), name);
    else t.regex(stdout, new RegExp(`^ok +${name} +${cause} `, 'm'));
  }
});

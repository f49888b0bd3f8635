// SPDX-License-Identifier: MIT
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { parseSmmuProperties } from '../../stages/smmuProperties.ts';

test('properties of the SMMU are read as QEMU names them', (t) => {
  t.deepEqual(parseSmmuProperties('httu=2,stall=forced'), { httu: 2, stall: 'forced' });
  t.deepEqual(parseSmmuProperties('iotlb-size=0'), { 'iotlb-size': 0 });
});

for (const text of [
  '',
  'httu',
  'httu=',
  'httu=3',
  'stall=maybe',
  'ssidsize=0',
  'toString=1',
  '=',
]) {
  test(`--smmu ${text || '(empty)'} is refused`, (t) => {
    t.throws(() => parseSmmuProperties(text), { instanceOf: UsageError });
  });
}

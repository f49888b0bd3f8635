// SPDX-License-Identifier: MIT
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { testMachine } from '../../stages/machine.ts';
import { parseSmmuProperties } from '../../stages/smmuProperties.ts';

test('properties of the SMMU are read as QEMU names them', (t) => {
  t.deepEqual(parseSmmuProperties('httu=2,stall=forced'), { httu: 2, stall: 'forced' });
  t.deepEqual(parseSmmuProperties('iotlb-size=0'), { 'iotlb-size': 0 });
});

test('what is chosen replaces the property of the test machine, and nothing else', (t) => {
  const given = { kernel: 'Image', initrd: 'initramfs' };
  t.deepEqual(testMachine(given).smmu, { ssidsize: 16, stall: 'on' });
  t.deepEqual(testMachine({ ...given, smmu: { stall: 'forced', httu: 2 } }).smmu, {
    ssidsize: 16,
    stall: 'forced',
    httu: 2,
  });
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

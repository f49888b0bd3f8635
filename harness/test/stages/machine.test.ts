// SPDX-License-Identifier: MIT
import test from 'ava';
import { testMachine } from '../../stages/machine.ts';

const GIVEN = { kernel: 'Image', initrd: 'initramfs' };

test('properties of the SMMU that are chosen replace those of the test machine, and no others', (t) => {
  t.deepEqual(testMachine(GIVEN).smmu, { ssidsize: 16, stall: 'on' });
  t.deepEqual(testMachine({ ...GIVEN, smmu: { stall: 'forced', httu: 2 } }).smmu, {
    ssidsize: 16,
    stall: 'forced',
    httu: 2,
  });
});

test('persistent memory comes on top of the memory, whatever its size', (t) => {
  const { extra } = testMachine({ ...GIVEN, memoryMiB: 2048, extra: ['-S'] });
  t.true(extra.includes('2048M,slots=1,maxmem=2064M'));
  t.true(extra.includes('nvdimm,memdev=persistent'));
  t.is(extra.at(-1), '-S');
});

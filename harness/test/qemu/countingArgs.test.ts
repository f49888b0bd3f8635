// SPDX-License-Identifier: MIT
import test from 'ava';
import { countingArgs } from '../../qemu/countingArgs.ts';

test('nothing in the machine depends on the host or on chance', (t) => {
  const args = countingArgs({ kernel: 'Image', initrd: 'initrd', consoleFile: '/a,b/console' });
  const line = args.join(' ');
  for (const word of [
    '-icount shift=0,sleep=off',
    '-smp 1',
    'cntfrq=1000000000',
    'dtb-randomness=off',
    '-rtc base=2026-01-01,clock=vm',
    'norandmaps',
    'file,id=console,path=/a,,b/console',
  ]) {
    t.true(line.includes(word), word);
  }
  const devices = args.filter((_, index) => args[index - 1] === '-device');
  t.deepEqual(devices, ['dma-testdev,addr=01.0']);
  t.false(args.includes('-netdev'));
});

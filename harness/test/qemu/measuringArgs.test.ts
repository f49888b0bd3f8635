// SPDX-License-Identifier: MIT
import test from 'ava';
import { type MeasuredMachine, measuringArgs } from '../../qemu/measuringArgs.ts';

const MACHINE: MeasuredMachine = {
  ...{ kernel: 'Image', initrd: 'initramfs', consoleFile: 'a,b' },
  ...{ subject: 'port', smmu: {}, clock: 'host' },
};

function after(word: string, args: readonly string[]): (string | undefined)[] {
  return args.flatMap((arg, i) => (arg === word ? [args[i + 1]] : []));
}

test('what a stock QEMU does not know is only there if it is asked for', (t) => {
  const stock = measuringArgs(MACHINE).join(' ');
  t.notRegex(stock, /dma-testdev|-global|icount/);
  t.regex(stock, /iommu=smmuv3.*virtio-serial-pci,addr=01.0,iommu_platform=on/);
  const device = { ...MACHINE, subject: 'device', smmu: { ssidsize: 16 } } as const;
  t.deepEqual(after('-global', measuringArgs(device)), [
    'driver=arm-smmuv3,property=ssidsize,value=16',
  ]);
  t.deepEqual(after('-device', measuringArgs(device)), ['dma-testdev,addr=01.0']);
});

test('the guest is told what to measure, and by which clock', (t) => {
  t.regex(after('-append', measuringArgs(MACHINE))[0] ?? '', / -- port$/);
  const counted = measuringArgs({ ...MACHINE, clock: 'instructions' });
  t.deepEqual(after('-icount', counted), ['shift=0,sleep=off']);
});

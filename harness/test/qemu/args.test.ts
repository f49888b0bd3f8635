// SPDX-License-Identifier: MIT
import test from 'ava';
import { DEFAULT_MACHINE, kernelCommandLine, type Machine, qemuArgs } from '../../qemu/args.ts';

const SOCKETS = { qmp: '/s/qmp', console: '/s/console', ready: '/s/ready' };
const MACHINE: Machine = { ...DEFAULT_MACHINE, kernel: '/k/Image', initrd: '/i/initramfs.cpio' };

function values(machine: Machine, option: string): (string | undefined)[] {
  const args = qemuArgs(machine, SOCKETS);
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1]] : []));
}

test('the machine is virt with an SMMUv3 and nothing that pinlab did not ask for', (t) => {
  const args = qemuArgs(MACHINE, SOCKETS);
  t.deepEqual(values(MACHINE, '-machine'), ['virt,gic-version=3,iommu=smmuv3']);
  t.deepEqual(values(MACHINE, '-accel'), ['tcg']);
  t.true(args.includes('-nodefaults'));
  t.true(args.includes('-no-user-config'));
});

test('a panic ends QEMU', (t) => {
  t.true(qemuArgs(MACHINE, SOCKETS).includes('-no-reboot'));
  t.true(kernelCommandLine(MACHINE).includes('panic=-1'));
});

test('a machine that awaits a state is the same machine without a kernel to read', (t) => {
  const booting = qemuArgs(MACHINE, SOCKETS);
  const waiting = qemuArgs(MACHINE, SOCKETS, 'awaitState');
  const kernel = booting.indexOf('-kernel');
  t.deepEqual(booting.toSpliced(kernel, 6), waiting.toSpliced(kernel, 2));
  t.deepEqual(waiting.slice(kernel, kernel + 2), ['-incoming', 'defer']);
});

test('CPUs and memory are the machine’s', (t) => {
  const machine = { ...MACHINE, cpu: 'max', cpus: 4, memoryMiB: 2048 };
  t.deepEqual(values(machine, '-cpu'), ['max']);
  t.deepEqual(values(machine, '-smp'), ['4']);
  t.deepEqual(values(machine, '-m'), ['2048M']);
});

test('SMMU properties become globals', (t) => {
  t.deepEqual(values(MACHINE, '-global'), []);
  t.deepEqual(
    values({ ...MACHINE, smmu: { ssidsize: 8, 'stall-model': 'stall', httu: true } }, '-global'),
    [
      'driver=arm-smmuv3,property=ssidsize,value=8',
      'driver=arm-smmuv3,property=stall-model,value=stall',
      'driver=arm-smmuv3,property=httu,value=on',
    ],
  );
});

test('the test device is in slot 1, and only where asked for', (t) => {
  const devices = values({ ...MACHINE, testDevice: { queues: 64, stall: false } }, '-device');
  t.is(devices[0], 'dma-testdev,id=testdev,addr=01.0,queues=64,stall=off');
  t.false(values(MACHINE, '-device').some((device) => device?.startsWith('dma-testdev')));
});

test('virtio devices keep their slots whether or not the test device is there', (t) => {
  const slots = (machine: Machine) =>
    values(machine, '-device').filter((device) => device?.startsWith('virtio-'));
  t.deepEqual(slots(MACHINE), slots({ ...MACHINE, testDevice: {} }));
  t.is(slots(MACHINE).length, 3);
});

test('no virtio device is behind the SMMU', (t) => {
  t.notRegex(qemuArgs(MACHINE, SOCKETS).join(' '), /iommu_platform|smmuv3-accel/);
});

test('the guest is reachable from this host alone and reaches nothing', (t) => {
  t.deepEqual(values(MACHINE, '-netdev'), [
    'user,id=net,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22',
  ]);
});

test('QEMU connects to our sockets, and a comma in a path survives', (t) => {
  const args = qemuArgs(MACHINE, { ...SOCKETS, ready: '/a,b/ready' });
  t.true(args.includes('socket,id=qmp,path=/s/qmp,server=off'));
  t.true(args.includes('socket,id=console,path=/s/console,server=off'));
  t.true(args.includes('socket,id=ready,path=/a,,b/ready,server=off'));
});

test('further devices, kernel words and arguments are added', (t) => {
  const machine = {
    ...MACHINE,
    devices: ['virtio-balloon-pci,addr=08.0'],
    append: ['slub_debug=FZP'],
    extra: ['-icount', 'shift=0,sleep=off'],
  };
  t.is(values(machine, '-device').at(-1), 'virtio-balloon-pci,addr=08.0');
  t.regex(values(machine, '-append')[0] ?? '', / slub_debug=FZP$/);
  t.deepEqual(qemuArgs(machine, SOCKETS).slice(-2), ['-icount', 'shift=0,sleep=off']);
});

// SPDX-License-Identifier: MIT
import { globals, type Properties } from './args.ts';

/** Something behind the SMMU whose DMA is measured. */
export type Subject =
  /** The DMA test device, which a process uses by SVA; it has SubstreamIDs. */
  | 'device'
  /** A virtio port whose bytes are thrown away: without SubstreamIDs, and in every QEMU. */
  | 'port';

/** A machine whose speed is measured, and where its console goes. */
export interface MeasuredMachine {
  kernel: string;
  initrd: string;
  consoleFile: string;
  subject: Subject;
  /** Properties of the SMMUv3; a stock QEMU has none of ours. */
  smmu: Properties;
  /** The host's time, or a nanosecond an instruction. */
  clock: 'host' | 'instructions';
}

const DEVICES: Record<Subject, readonly string[]> = {
  device: ['-device', 'dma-testdev,addr=01.0'],
  port: [
    // A null chardev is never open, and the guest waits until it is.
    ...['-chardev', 'file,id=sink,path=/dev/null'],
    ...['-device', 'virtio-serial-pci,addr=01.0,iommu_platform=on,disable-legacy=on'],
    ...['-device', 'virtserialport,chardev=sink'],
  ],
};

const CLOCKS: Record<MeasuredMachine['clock'], readonly string[]> = {
  host: [],
  instructions: ['-icount', 'shift=0,sleep=off'],
};

/** The QEMU command line of `machine`: one CPU, and no device but the console and what is measured. */
export function measuringArgs(machine: MeasuredMachine): string[] {
  const { kernel, initrd, consoleFile, subject, smmu, clock } = machine;
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-accel', 'tcg'],
    ...['-machine', 'virt,gic-version=3,iommu=smmuv3,dtb-randomness=off'],
    // A tick of the guest's counter for each nanosecond, and 44 bits of physical address.
    ...['-cpu', 'cortex-a57,cntfrq=1000000000', '-smp', '1', '-m', '1024M'],
    ...['-rtc', 'base=2026-01-01,clock=vm', ...CLOCKS[clock]],
    // Paired with panic=-1: a panic ends QEMU.
    '-no-reboot',
    ...['-kernel', kernel, '-initrd', initrd],
    ...['-append', `console=ttyAMA0 panic=-1 loglevel=5 norandmaps -- ${subject}`],
    ...globals('arm-smmuv3', smmu),
    // QEMU ends an option's value at a comma unless it is doubled.
    ...['-chardev', `file,id=console,path=${consoleFile.replaceAll(',', ',,')}`],
    ...['-serial', 'chardev:console', ...DEVICES[subject]],
  ];
}

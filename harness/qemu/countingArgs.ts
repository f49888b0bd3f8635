// SPDX-License-Identifier: MIT

/** What a machine that counts instructions boots, and where its console goes. */
export interface CountingMachine {
  kernel: string;
  initrd: string;
  consoleFile: string;
}

/**
 * The QEMU command line of a machine that does the same in every boot: one CPU whose clock advances
 * by a nanosecond an instruction, no randomness, no date, and no device but the console and the one
 * that iommufd maps memory for.
 */
export function countingArgs({ kernel, initrd, consoleFile }: CountingMachine): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-accel', 'tcg'],
    ...['-machine', 'virt,gic-version=3,iommu=smmuv3,dtb-randomness=off'],
    // A tick of the guest's counter for each instruction; by default it is one for sixteen.
    ...['-cpu', 'cortex-a57,cntfrq=1000000000', '-smp', '1', '-m', '1024M'],
    ...['-icount', 'shift=0,sleep=off', '-rtc', 'base=2026-01-01,clock=vm'],
    // Paired with panic=-1: a panic ends QEMU.
    '-no-reboot',
    ...['-kernel', kernel, '-initrd', initrd],
    ...['-append', 'console=ttyAMA0 panic=-1 loglevel=5 norandmaps'],
    // QEMU ends an option's value at a comma unless it is doubled.
    ...['-chardev', `file,id=console,path=${consoleFile.replaceAll(',', ',,')}`],
    ...['-serial', 'chardev:console', '-device', 'dma-testdev,addr=01.0'],
  ];
}

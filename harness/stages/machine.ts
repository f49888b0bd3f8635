// SPDX-License-Identifier: MIT
import { DEFAULT_MACHINE, type Machine } from '../qemu/args.ts';

/** The substreams that the SMMU offers, as log2: enough for every process of a test. */
export const SSID_BITS = 16;

/** What the kernel must be told for tests to have it: a second NUMA node, memory that it lends out. */
const KERNEL_PARAMETERS = ['numa=fake=2', 'cma=64M'] as const;

/** As much as a file system of a few files takes. */
const NVDIMM_MIB = 16;

/** What a user may choose about the machine that the suites run on. */
export type MachineChoice = Pick<Machine, 'cpus' | 'memoryMiB'> &
  Partial<Pick<Machine, 'cpu' | 'smmu'>>;

/** The machine that the suites run on, with the given kernel and initramfs. */
export function testMachine(given: Pick<Machine, 'kernel' | 'initrd'> & Partial<Machine>): Machine {
  const { memoryMiB, extra } = { ...DEFAULT_MACHINE, ...given };
  return {
    ...DEFAULT_MACHINE,
    testDevice: {},
    append: KERNEL_PARAMETERS,
    ...given,
    smmu: { ssidsize: SSID_BITS, stall: 'on', ...given.smmu },
    extra: [...nvdimm(memoryMiB), ...extra],
  };
}

/** Persistent memory, for files that are mapped without the page cache. */
function nvdimm(memoryMiB: number): string[] {
  return [
    ...['-machine', 'nvdimm=on'],
    ...['-m', `${memoryMiB}M,slots=1,maxmem=${memoryMiB + NVDIMM_MIB}M`],
    ...['-object', `memory-backend-ram,id=persistent,size=${NVDIMM_MIB}M`],
    ...['-device', 'nvdimm,memdev=persistent'],
  ];
}

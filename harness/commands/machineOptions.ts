// SPDX-License-Identifier: MIT
import type { Command, OptionValues } from '@commander-js/extra-typings';
import type { MachineChoice } from '../stages/machine.ts';
import { parseSmmuProperties } from '../stages/smmuProperties.ts';
import { MOST_SECONDS, wholeNumber } from './wholeNumber.ts';

/** `command` with the options that describe the machine and how long it may take to boot. */
export function withMachineOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option('--cpus <n>', 'CPUs of the guest', wholeNumber('--cpus', 1, 512), 2)
    .option(
      '--memory <MiB>',
      'memory of the guest, in MiB',
      wholeNumber('--memory', 256, 255 * 1024),
      1024,
    )
    .option(
      '--smmu <properties>',
      'what the SMMU does otherwise, comma-separated: httu=0|1|2 (default 0), ' +
        'stall=on|off|forced (on), oas=32|36|40|42|44|48|52 (44), iotlb-size=0|256 (256)',
      parseSmmuProperties,
    )
    .option(
      '--boot-timeout <s>',
      'seconds that a boot may take (default: 60, or 600 on debug and kcsan)',
      wholeNumber('--boot-timeout', 1, MOST_SECONDS),
    );
}

export interface MachineOptions {
  cpus: number;
  memory: number;
  smmu?: MachineChoice['smmu'] | undefined;
  bootTimeout?: number | undefined;
}

/** The machine that the options ask for. */
export function machineChoice({ cpus, memory, smmu }: MachineOptions): MachineChoice {
  return { cpus, memoryMiB: memory, ...(smmu ? { smmu } : {}) };
}

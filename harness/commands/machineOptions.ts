// SPDX-License-Identifier: MIT
import type { Command, OptionValues } from '@commander-js/extra-typings';
import { UsageError } from '../errors.ts';
import type { MachineChoice } from '../stages/machine.ts';
import { parseSmmuProperties } from '../stages/smmuProperties.ts';
import { MOST_SECONDS, wholeNumber } from './wholeNumber.ts';

/** `command` with the options that describe the machine and how long it may take to boot. */
export function withMachineOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option(
      '--cpu <model>',
      'CPU as QEMU names it, with properties: max,lpa2=off sets flags of page tables itself; ' +
        'the SMMU needs as many address bits, --smmu oas=52 (default: cortex-a57)',
      cpuModel,
    )
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

/** A model of QEMU's and its properties: `max,lpa2=off`. Which there are, QEMU knows. */
export function cpuModel(text: string): string {
  if (/^[\w.-]+(?:,[\w.-]+=[\w.-]+)*$/.test(text)) return text;
  throw new UsageError(`--cpu ${JSON.stringify(text)} is no model of a CPU`, {
    hint: 'name one of QEMU’s, with properties after commas: cortex-a57, or max,lpa2=off',
  });
}

export interface MachineOptions {
  cpu?: string | undefined;
  cpus: number;
  memory: number;
  smmu?: MachineChoice['smmu'] | undefined;
  bootTimeout?: number | undefined;
}

/** The machine that the options ask for. */
export function machineChoice({ cpu, cpus, memory, smmu }: MachineOptions): MachineChoice {
  return { cpus, memoryMiB: memory, ...(cpu ? { cpu } : {}), ...(smmu ? { smmu } : {}) };
}

// SPDX-License-Identifier: MIT
import type { Command } from '@commander-js/extra-typings';
import { wholeNumber } from './kernelOptions.ts';

/** `command` with the options that describe the machine and how long it may take to boot. */
export function withMachineOptions<Args extends unknown[], Opts extends Record<string, unknown>>(
  command: Command<Args, Opts>,
) {
  return command
    .option('--cpus <n>', 'CPUs of the guest', wholeNumber('--cpus', 1), 2)
    .option('--memory <MiB>', 'memory of the guest', wholeNumber('--memory', 256), 1024)
    .option('--boot-timeout <s>', 'limit of a boot', wholeNumber('--boot-timeout', 1), 60);
}

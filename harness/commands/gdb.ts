// SPDX-License-Identifier: MIT
import { debugGuest } from '../stages/debugGuest.ts';
import { outputDirectory } from '../stages/outputDirectory.ts';
import { timeLimits } from '../stages/timeLimits.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { machineChoice, withMachineOptions } from './machineOptions.ts';
import { openListener } from './reporters.ts';

const NOTES = `Without --break the guest is up, and gdb has the symbols of the driver as well as the kernel's.
With --break no module is loaded yet: gdb has the kernel's alone.
The kernel's own commands (lx-ps, lx-dmesg, ...) take a kernel of its own, minutes of building:
  --config kernel/configs/gdb.config`;

/** `pinlab gdb`: gdb on the kernel of a guest. */
export function gdbCommand(invocation: Invocation) {
  return withMachineOptions(withKernelOptions('gdb'))
    .description('debug the kernel of a guest, with its symbols and those of the driver')
    .argument('[arguments...]', `after --, further arguments of gdb`)
    .option(
      '--break <symbols...>',
      'start stopped, with breakpoints on these symbols of the kernel',
    )
    .option('--output <dir>', 'where console.log goes', 'results/gdb')
    .addHelpText('after', `\n${NOTES}`)
    .addHelpText('after', '\nExample:\n  $ npx pinlab gdb --break mempinfd_ioctl -- -ex continue')
    .action(async (gdb, options) => {
      const output = await outputDirectory(options.output, options.kernel);
      using listener = openListener(invocation.environment);
      const code = await debugGuest({
        workspace: invocation.workspace(listener.emit),
        choice: kernelChoice(options),
        machine: machineChoice(options),
        ...{ output, bootTimeoutMs: timeLimits(options).bootTimeoutMs },
        ...{ breakpoints: options.break ?? [], arguments: gdb },
        handOver: () => {
          listener[Symbol.dispose]();
          return invocation.interrupts.hold();
        },
      });
      invocation.finish(code);
    });
}

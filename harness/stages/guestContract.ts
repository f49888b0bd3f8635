// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';
import type { Guest } from './bootGuest.ts';

/** Where the driver's queues appear once the device is bound to it with SVA. */
const DEVICE_NODE = '/dev/dma_testdev-0';
const TIMEOUT_MS = 20_000;

/** What was asked for. */
export interface GuestContract {
  /** Of the kernel's configuration. */
  configSha256: string;
  cpus: number;
}

/**
 * Makes sure that the booted guest is the one that was built: its kernel has the configuration that
 * was asked for, it uses all CPUs, and the device under test is there. Without this, tests would skip
 * or fail for a reason that is not the patch.
 */
export async function checkGuestContract(
  { ssh, within }: Pick<Guest, 'ssh' | 'within'>,
  { configSha256, cpus }: GuestContract,
  signal: AbortSignal,
) {
  const timeoutMs = within(TIMEOUT_MS);
  const count = 'echo "cpus $(grep -c ^processor /proc/cpuinfo)"';
  const command = `zcat /proc/config.gz | sha256sum; test -c ${DEVICE_NODE} && echo device; ${count}`;
  const what = 'check the booted kernel';
  const output = await ssh.output(`${command}; true`, { what, timeoutMs, signal });
  if (!output.startsWith(configSha256)) {
    throw new InfraError(`${what}: /proc/config.gz is not the configuration that was built`, {
      output: `expected sha256 ${configSha256}\n${output}`,
    });
  }
  const found = /^cpus (\d+)$/m.exec(output)?.[1];
  if (Number(found) !== cpus) {
    throw new InfraError(`${what}: it uses ${found ?? 0} of ${cpus} CPUs`, {
      hint: 'ask for fewer with --cpus, or raise CONFIG_NR_CPUS with --config',
    });
  }
  if (!output.includes('\ndevice')) {
    throw new InfraError(`${what}: ${DEVICE_NODE} is not there: the driver did not bind`, {
      output: await ssh.output('dmesg | tail -30', { what, timeoutMs, signal }),
      hint: 'the driver’s and the SMMU’s messages above say which condition of SVA is not met',
    });
  }
}

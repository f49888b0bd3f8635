// SPDX-License-Identifier: MIT
import type { WriteStream } from 'node:fs';
import { readEnvironment } from '../../commands/environment.ts';
import type { BootRequest } from '../../stages/bootGuest.ts';
import { buildAll } from '../../stages/buildAll.ts';
import { testMachine } from '../../stages/machine.ts';
import { openWorkspace } from '../../stages/workspace.ts';
import { ROOT } from './pinlab.ts';

const controller = new AbortController();

export const workspace = openWorkspace({
  root: ROOT,
  cacheRoot: readEnvironment().cacheRoot,
  emit: () => undefined,
  signal: controller.signal,
});

const CHOICE = { kernel: '6.12', series: 'ours', flavour: 'base', fragments: [] } as const;

/** What `pinlab run` builds, from the cache if it can. */
export function built() {
  return buildAll(workspace, CHOICE, { suites: [] });
}

/** A boot of the standard machine, with words added to the kernel command line. */
export async function bootRequest(
  consoleFile: WriteStream,
  append: readonly string[] = [],
): Promise<BootRequest> {
  const { qemu, kernel, image } = await built();
  const machine = testMachine({ kernel: kernel.image, initrd: image.initramfs });
  return {
    qemu: qemu.binary,
    machine: { ...machine, append: [...machine.append, ...append] },
    hostPublicKey: image.hostPublicKey,
    clientKey: image.clientKey,
    consoleFile,
    timeoutMs: 60_000,
    signal: workspace.signal,
  };
}

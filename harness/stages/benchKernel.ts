// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import { cpio } from '../image/cpio.ts';
import { file, standardDirectories } from '../image/tree.ts';
import { countingArgs } from '../qemu/countingArgs.ts';
import { BENCH_SCHEMA, type Bench, type Figure } from '../schema/bench.ts';
import { buildGuestTests } from './buildGuestTests.ts';
import { buildKernel } from './buildKernel.ts';
import { buildQemu } from './buildQemu.ts';
import { agreement, parseFigures } from './figures.ts';
import { ensureHost } from './hostTools.ts';
import { type KernelChoice, resolveKernel } from './kernelRequest.ts';
import { describeKernel, describeQemu } from './results.ts';
import type { Workspace } from './workspace.ts';

export interface BenchRequest {
  workspace: Workspace;
  /** pinlab's own version, for the record. */
  version: string;
  /** The command line, for the record. */
  command: readonly string[];
  choice: KernelChoice;
  /** Boots after which figures that still differ are given up. */
  mostBoots: number;
  /** Called after each boot with how many figures are unproven. */
  onBoot: (boot: number, unproven: number) => void;
}

const BOOT_TIMEOUT_MS = 600_000;

/** Counts the instructions of each operation, in as many boots as it takes for two to agree. */
export async function benchKernel(request: BenchRequest): Promise<Bench> {
  const { workspace, version, command, choice } = request;
  await ensureHost(workspace);
  const kernelRequest = await resolveKernel(workspace, choice);
  const guestTests = await buildGuestTests(workspace, kernelRequest);
  const qemu = await buildQemu(workspace);
  const kernel = await buildKernel(workspace, kernelRequest);
  await using scratch = await temporaryDirectory('bench');
  const initrd = join(scratch.path, 'initramfs');
  await writeFile(initrd, await initramfs(guestTests.bench));
  const consoleFile = join(scratch.path, 'console');
  const args = countingArgs({ kernel: kernel.image, initrd, consoleFile });
  const boots = await untilAgreed(request, () =>
    bootOnce(qemu.binary, args, consoleFile, workspace.signal),
  );
  return {
    schema: BENCH_SCHEMA,
    pinlab: { version },
    command: [...command],
    inputs: {
      kernel: describeKernel(kernel),
      qemu: describeQemu(qemu),
      guestTests: { sha256: guestTests.sha256 },
    },
    arguments: countingArgs({ kernel: 'Image', initrd: 'initramfs', consoleFile: 'console' }),
    boots: boots.length,
    ...agreement(boots),
  };
}

/** The program is the guest's init: nothing else runs there. */
async function initramfs(program: string): Promise<Buffer> {
  return cpio([...standardDirectories(), file('init', await readFile(program), 0o755)]);
}

async function untilAgreed({ mostBoots, onBoot }: BenchRequest, boot: () => Promise<Figure[]>) {
  const boots: Figure[][] = [];
  while (boots.length < mostBoots) {
    boots.push(await boot());
    const { unproven } = agreement(boots);
    onBoot(boots.length, unproven.length);
    if (unproven.length === 0) break;
  }
  return boots;
}

async function bootOnce(
  qemu: string,
  args: readonly string[],
  consoleFile: string,
  signal: AbortSignal,
) {
  const what = 'count instructions';
  await run(qemu, args, { what, timeoutMs: BOOT_TIMEOUT_MS, signal });
  return parseFigures(await readFile(consoleFile, 'utf8'));
}

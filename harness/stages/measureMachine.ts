// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../errors.ts';
import { run } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import { cpio } from '../image/cpio.ts';
import { file, standardDirectories } from '../image/tree.ts';
import { type MeasuredMachine, measuringArgs } from '../qemu/measuringArgs.ts';
import type { GuestTestsArtifact } from './buildGuestTests.ts';
import type { KernelArtifact } from './buildKernel.ts';

/** One measurement of a guest, on its own clock. */
export interface Measure {
  /** `stalls` or `bytes`: what there were so many of. */
  what: string;
  amount: number;
  /** Of stalls: from the stall to the retry, summed over all. */
  stallNs: number;
  /** How long it took. */
  ns: number;
}

/** What is measured, on which QEMU. */
export interface MeasureRequest extends Pick<MeasuredMachine, 'subject' | 'smmu' | 'clock'> {
  qemu: string;
  kernel: KernelArtifact;
  guestTests: GuestTestsArtifact;
  signal: AbortSignal;
}

const BOOT_TIMEOUT_MS = 600_000;
const MEASURE = /^measure\t(\w+)\t(\d+)\t(\d+)\t(\d+)$/;
const END = 'end of figures';

/** Boots a guest whose only process measures `request.subject`; throws unless it came to its end. */
export async function measureMachine(request: MeasureRequest): Promise<Measure[]> {
  const { qemu, kernel, guestTests, subject, smmu, clock, signal } = request;
  await using scratch = await temporaryDirectory('measure');
  const initrd = join(scratch.path, 'initramfs');
  const consoleFile = join(scratch.path, 'console');
  await writeFile(initrd, await initramfs(guestTests.benchMachine, kernel.driver));
  const machine = { kernel: kernel.image, initrd, consoleFile, subject, smmu, clock };
  const what = `measure the ${subject}`;
  await run(qemu, measuringArgs(machine), { what, timeoutMs: BOOT_TIMEOUT_MS, signal });
  return parseMeasures(await readFile(consoleFile, 'utf8'));
}

async function initramfs(program: string, driver: string): Promise<Buffer> {
  return cpio([
    ...standardDirectories(),
    file('init', await readFile(program), 0o755),
    file('dma_testdev.ko', await readFile(driver)),
  ]);
}

/** What a guest printed on its console; throws unless it printed all of it. */
export function parseMeasures(console: string): Measure[] {
  const lines = console.split(/\r?\n/);
  if (!lines.includes(END)) {
    throw new InfraError('the guest ended before its last measurement', {
      output: lines.slice(-40).join('\n'),
    });
  }
  return lines.flatMap((line) => {
    const [, what, amount, stallNs, ns] = MEASURE.exec(line) ?? [];
    if (what === undefined) return [];
    return [{ what, amount: Number(amount), stallNs: Number(stallNs), ns: Number(ns) }];
  });
}

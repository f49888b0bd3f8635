// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { exists } from '../host/paths.ts';

/** Something that a first run makes, and what that takes. */
export interface Cost {
  what: string;
  mib: number;
  minutes: number;
}

interface Part {
  /** The directory of the cache that holds it. */
  kind: string;
  what: string;
  /** With the work tree that it leaves behind, by `du -s`. */
  mib: number;
  /** One processor's, measured with Debian 12's compilers; downloads come on top. */
  cpuMinutes: number;
}

const PARTS: readonly Part[] = [
  { kind: 'qemu-source', what: 'source of QEMU', mib: 420, cpuMinutes: 0.3 },
  { kind: 'qemu', what: 'QEMU with the SMMUv3 series', mib: 350, cpuMinutes: 6 },
  { kind: 'kernel-source', what: 'source of Linux', mib: 1640, cpuMinutes: 0.3 },
  { kind: 'kernel', what: 'Linux with the mempinfd series', mib: 1000, cpuMinutes: 9 },
  { kind: 'guest-packages', what: 'packages of the guest', mib: 30, cpuMinutes: 0.1 },
  { kind: 'image', what: 'guest image', mib: 15, cpuMinutes: 0.1 },
  { kind: 'guest-tests', what: 'guest programs', mib: 10, cpuMinutes: 0.5 },
];

/** What a first run with this cache would still have to make. */
export async function pendingCosts(
  cacheRoot: string,
  cpus: number = availableParallelism(),
): Promise<Cost[]> {
  const pending: Cost[] = [];
  for (const { kind, what, mib, cpuMinutes } of PARTS) {
    if (await holdsArtifact(join(cacheRoot, kind))) continue;
    pending.push({ what, mib, minutes: cpuMinutes / cpus });
  }
  return pending;
}

/** All of `costs` together. */
export function totalCost(costs: readonly Cost[]): Cost {
  const sum = (pick: (cost: Cost) => number) => costs.reduce((all, cost) => all + pick(cost), 0);
  return { what: 'all of it', mib: sum(({ mib }) => mib), minutes: sum(({ minutes }) => minutes) };
}

/** How much of what a first run makes `costs` are, by size: 1 of an empty cache, 0 where all is built. */
export function shareOfFirstRun(costs: readonly Cost[]): number {
  return totalCost(costs).mib / PARTS.reduce((all, { mib }) => all + mib, 0);
}

/** A finished artifact has its manifest; one that is being made does not. */
async function holdsArtifact(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((name) => !/\.(partial|lock)$/.test(name)))
    if (await exists(join(directory, name, 'pinlab.json'))) return true;
  return false;
}

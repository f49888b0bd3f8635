// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { Machine } from '../qemu/args.ts';

/** What a host can give to guests. */
export interface HostRoom {
  cpus: number;
  memoryMiB: number;
}

/** What QEMU takes beyond its guest's memory: translated code above all. */
const QEMU_MIB = 256;
/** Builds, reporters and the page cache want the rest. */
const SHARE_OF_MEMORY = 0.8;

/** How many guests like `machine` can run side by side without waiting for each other; at least one. */
export function guestsThatFit(
  { cpus, memoryMiB }: Pick<Machine, 'cpus' | 'memoryMiB'>,
  room: HostRoom = hostRoom(),
): number {
  const byCpus = Math.floor(room.cpus / cpus);
  const byMemory = Math.floor((room.memoryMiB * SHARE_OF_MEMORY) / (memoryMiB + QEMU_MIB));
  return Math.max(1, Math.min(byCpus, byMemory));
}

/** What this host can give now. */
export function hostRoom(): HostRoom {
  return { cpus: availableParallelism(), memoryMiB: process.availableMemory() / 2 ** 20 };
}

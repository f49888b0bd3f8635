// SPDX-License-Identifier: MIT
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { InfraError } from '../errors.ts';
import { requireWritable } from '../host/cache.ts';
import {
  debuggerPackages,
  type HostPackage,
  hostPackages,
  installCommand,
  installPackages,
  missingPackages,
} from '../host/packages.ts';
import { exists } from '../host/paths.ts';
import { stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** One thing that was looked at. */
export interface Finding {
  ok: boolean;
  text: string;
  remedy?: string;
}

/** Twice what a patched and an unpatched 6.12 leave in the cache, by `du -s`; a build needs room besides. */
const CACHE_GIB = 8;
/** QEMU with a guest of 1 GiB beside the link of a kernel. */
const MEMORY_GIB = 4;

/** Makes sure that this host has what the builds need: tools, which it installs, and room. */
export async function ensureHost(workspace: Workspace): Promise<void> {
  await ensurePackages(workspace, hostPackages);
  // A cache that is already filled needs little more.
  if (await exists(join(workspace.cache.root, 'kernel'))) return;
  const disk = await examineDisk(workspace);
  if (!disk.ok) throw new InfraError(disk.text, { hint: disk.remedy });
}

/** Makes sure that this host has what only a debugging session needs. */
export async function ensureDebugger(workspace: Workspace): Promise<void> {
  await ensurePackages(workspace, debuggerPackages);
}

async function ensurePackages(workspace: Workspace, wanted: readonly HostPackage[]) {
  const { signal } = workspace;
  const missing = await missingPackages(signal, wanted);
  if (missing.length === 0) return;
  await stage(workspace, 'host', `install ${missing.length} host packages`, async ({ say }) => {
    await installPackages(missing, say, signal);
    return { hit: false };
  });
}

/** Installs what is missing; `onLine` gets the package manager's output. */
export async function repairHost(
  { signal }: Workspace,
  onLine: (line: string) => void,
): Promise<void> {
  const missing = await missingPackages(signal);
  if (missing.length > 0) await installPackages(missing, onLine, signal);
}

/** Everything about this host that pinlab depends on. */
export async function examineHost(workspace: Workspace): Promise<Finding[]> {
  const missing = await missingPackages(workspace.signal);
  const packages: Finding[] = missing.map(({ name, reason }) => ({
    ok: false,
    text: `Debian package ${name}: ${reason}`,
  }));
  const last = packages.at(-1);
  if (last) last.remedy = `npx pinlab doctor --fix, or: ${installCommand(missing)}`;
  if (missing.length === 0) packages.push({ ok: true, text: 'Debian packages' });
  return [...packages, examineMemory(), await examineDisk(workspace)];
}

function examineMemory(): Finding {
  const gib = totalmem() / 2 ** 30;
  return {
    ok: gib >= MEMORY_GIB,
    text: `${gib.toFixed(1)} GiB of memory, ${availableParallelism()} CPUs (needs ${MEMORY_GIB} GiB)`,
    remedy: 'use a larger machine',
  };
}

async function examineDisk({ cache }: Workspace): Promise<Finding> {
  await requireWritable(cache.root);
  const { bavail, bsize } = await statfs(cache.root);
  const gib = (bavail * bsize) / 2 ** 30;
  return {
    ok: gib >= CACHE_GIB,
    text: `${gib.toFixed(1)} GiB free for ${cache.root} (a first run needs ${CACHE_GIB} GiB)`,
    remedy: 'free some disk, or set XDG_CACHE_HOME to a larger one',
  };
}

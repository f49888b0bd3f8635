// SPDX-License-Identifier: MIT
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { asPinlabError, InfraError } from '../errors.ts';
import { requireWritable } from '../host/cache.ts';
import {
  debuggerPackages,
  type HostPackage,
  hostPackages,
  installCommand,
  installPackages,
  missingPackages,
} from '../host/packages.ts';
import { type Cost, pendingCosts, shareOfFirstRun } from './buildCosts.ts';
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
/** Of a first run, by size: a kernel or QEMU is more. */
const WORTH_A_CHECK = 0.05;
/** QEMU with a guest of 1 GiB beside the link of a kernel. */
const MEMORY_GIB = 4;

const GIB = 2 ** 30;

/** Makes sure that this host has what the builds need: tools, which it installs, and room. */
export async function ensureHost(workspace: Workspace): Promise<void> {
  await ensurePackages(workspace, hostPackages);
  const { root } = workspace.cache;
  const pending = await pendingCosts(root);
  // What is little finds its room, or says itself that there is none.
  if (shareOfFirstRun(pending) < WORTH_A_CHECK) return;
  const disk = await examineDisk(root, pending);
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
export async function examineHost({ cache, signal }: Workspace): Promise<Finding[]> {
  const missing = await missingPackages(signal);
  const packages: Finding[] = missing.map(({ name, reason }) => ({
    ok: false,
    text: `Debian package ${name}: ${reason}`,
  }));
  const last = packages.at(-1);
  if (last) last.remedy = `npx pinlab doctor --fix, or: ${installCommand(missing)}`;
  if (missing.length === 0) packages.push({ ok: true, text: 'Debian packages' });
  const disk = await examineDisk(cache.root, await pendingCosts(cache.root));
  return [...packages, examineMemory(), disk];
}

function examineMemory(): Finding {
  const gib = totalmem() / GIB;
  return {
    ok: gib >= MEMORY_GIB,
    text: `${gib.toFixed(1)} GiB of memory, ${availableParallelism()} CPUs (needs ${MEMORY_GIB} GiB)`,
    remedy: 'use a larger machine',
  };
}

/** Whether the disk below `cacheRoot` takes what is `pending`; where all is built it need take nothing. */
export async function examineDisk(cacheRoot: string, pending: readonly Cost[]): Promise<Finding> {
  const refused = await requireWritable(cacheRoot).then(() => undefined, asPinlabError);
  if (refused) return { ok: pending.length === 0, text: refused.message, remedy: refused.hint };
  const { bavail, bsize } = await statfs(cacheRoot);
  const gib = (bavail * bsize) / GIB;
  const needed = CACHE_GIB * shareOfFirstRun(pending);
  const what = needed > 0 ? ` (what is not built yet needs ${needed.toFixed(1)} GiB)` : '';
  return {
    ok: gib >= needed,
    text: `${gib.toFixed(1)} GiB free for ${cacheRoot}${what}`,
    remedy: 'free some disk, or set XDG_CACHE_HOME to a larger one',
  };
}

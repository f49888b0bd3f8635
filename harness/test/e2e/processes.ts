// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const GRACE_MS = 5_000;

/** Which of the processes of a run with the cache below `home` are still there once the kernel has had time to end them. */
export async function orphans(home: string): Promise<string[]> {
  const deadline = performance.now() + GRACE_MS;
  let left = await processesOf(home);
  while (left.length > 0 && performance.now() < deadline) {
    await setTimeout(50);
    left = await processesOf(home);
  }
  const commands = left.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(commands)).map((command) => command.replaceAll('\0', ' '));
}

/** Everything that a run with this cache has started, however it was handed down: all inherit its environment. */
export async function processesOf(home: string): Promise<number[]> {
  const pids = await allProcesses();
  const mine = pids.map(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    return environment.split('\0').includes(`XDG_CACHE_HOME=${home}`);
  });
  const found = await Promise.all(mine);
  return pids.filter((_, i) => found[i]);
}

/** The process ids of the children of `pid` (proc_pid_stat(5), field 4). */
export async function childrenOf(pid: number): Promise<number[]> {
  const pids = await allProcesses();
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, i) => parents[i] === pid);
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const parent = /\) \S (\d+) /.exec(stat)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Whether a process is there and has not ended. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

async function allProcesses(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

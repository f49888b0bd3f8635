// SPDX-License-Identifier: MIT
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Ssh } from '../../guest/ssh.ts';
import { imageFiles } from '../../image/build.ts';
import { processesOf } from './processes.ts';

/** Who may be ended: the harness, by a signal, or what it depends on. */
export const VICTIMS = ['SIGINT', 'SIGTERM', 'SIGKILL', 'QEMU', 'guest'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Where the run of a victim keeps what it needs. */
interface Caches {
  /** XDG_CACHE_HOME. */
  home: string;
  cache: string;
}

/** Ends `victim` of the run that is the process `harness`. */
export async function end(harness: number, victim: Victim, { home, cache }: Caches) {
  if (victim !== 'QEMU' && victim !== 'guest') return signal(harness, victim);
  for (const pid of await processesOf(home)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.split('\0')[0]?.endsWith('qemu-system-aarch64')) continue;
    // Where nobody can log in yet, there is no guest to speak of.
    if (victim === 'QEMU' || !(await panic(pid, cache))) signal(pid, 'SIGKILL');
  }
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Logs into the guest of a QEMU and makes its kernel panic; false where that is not possible. */
async function panic(qemu: number, cache: string): Promise<boolean> {
  const port = await listeningPort(qemu);
  const [image] = (await readdir(join(cache, 'image'))).filter((name) => /^\w+$/.test(name));
  if (port === undefined || image === undefined) return false;
  const keys = imageFiles(join(cache, 'image', image));
  const hostPublicKey = (await readFile(keys.hostPublicKey, 'utf8')).trim();
  const clientKey = await readFile(keys.clientKey, 'utf8');
  try {
    const address = { port, hostPublicKey, clientKey };
    await using ssh = await Ssh.connect(address, { timeoutMs: 3_000 });
    const ending = await ssh.exec('echo c > /proc/sysrq-trigger', {
      what: 'panic',
      timeoutMs: 3_000,
    });
    return ending.how === 'lost';
  } catch {
    return false;
  }
}

/** The TCP port of 127.0.0.1 that a process listens at (proc_pid_net(5)). */
async function listeningPort(pid: number): Promise<number | undefined> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''));
  const own = new Set(await Promise.all(links));
  const table = await readFile('/proc/net/tcp', 'utf8');
  const LISTEN = '0A';
  const found = table.split('\n').map((line) => line.trim().split(/\s+/));
  const socket = found.find(([, , , state, , , , , , inode]) => {
    return state === LISTEN && own.has(`socket:[${inode}]`);
  });
  const port = socket?.[1]?.split(':')[1];
  return port === undefined ? undefined : Number.parseInt(port, 16);
}

// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryRun } from './spawn.ts';

/** A directory that only this user can enter, removed when disposed, or by a later run if this one is killed. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** `pinlab-KIND-PID.START.NAMESPACE-RANDOM`: the owner is in the name, so a directory never exists without it. */
const NAME =
  /^pinlab-[a-z0-9]+-(?<owner>\d+\.[0-9a-z]+\.(?<namespace>[0-9a-f]{6}))-[A-Za-z0-9]{6}$/;

/** Makes an empty directory in TMPDIR; `kind`, of small letters and digits, says what for. */
export async function temporaryDirectory(kind: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `pinlab-${kind}-${await ownerMark('self')}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Removes what `temporaryDirectory` made in `parent` for processes that have ended; returns the names. */
export async function sweepTemporary(parent = tmpdir()): Promise<string[]> {
  const dead: string[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    if (await isOrphan(parent, name)) dead.push(name);
  }
  if (dead.length === 0) return [];
  const paths = dead.map((name) => join(parent, name));
  // What is mounted there, or another sweep is removing as well, is no reason to stop.
  await tryRun('rm', ['--recursive', '--force', '--one-file-system', '--', ...paths], {
    what: 'remove temporary directories of runs that were killed',
  });
  return dead;
}

/** Whether the owner has ended. Of one in another namespace or before a reboot nobody can tell: it is not. */
async function isOrphan(parent: string, name: string): Promise<boolean> {
  const { owner, namespace } = NAME.exec(name)?.groups ?? {};
  if (owner === undefined || namespace !== (await pidNamespace())) return false;
  const found = await lstat(join(parent, name)).catch(() => undefined);
  if (!found?.isDirectory() || found.uid !== process.getuid?.()) return false;
  const [pid = ''] = owner.split('.');
  return (await ownerMark(pid)) !== owner;
}

/** What tells a process from every other, past and future; undefined if there is none with this id. */
async function ownerMark(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // proc_pid_stat(5): fields 1 and 22; the name in between may hold anything but ends at the last parenthesis.
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${Number.parseInt(stat, 10)}.${Number(start).toString(36)}.${await pidNamespace()}`;
}

/** Where process ids and start times have the meaning that they have here. */
async function pidNamespace(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  const pid = await readlink('/proc/self/ns/pid');
  const time = await readlink('/proc/self/ns/time').catch(() => '');
  return createHash('sha256').update(`${boot} ${pid} ${time}`).digest('hex').slice(0, 6);
}

// SPDX-License-Identifier: MIT
import { dirname } from 'node:path';
import { InfraError, InterruptedError } from '../errors.ts';
import { makeDirectory } from './paths.ts';
import { type Child, start } from './spawn.ts';

export interface LockOptions {
  /** What is protected, for messages. */
  what: string;
  signal?: AbortSignal;
  /** Called once if somebody else holds the lock. */
  onWait?: () => void;
}

/** Holds `file` as `lock` does, or returns undefined at once if somebody else does. */
export async function tryLock(
  file: string,
  options: LockOptions,
): Promise<AsyncDisposable | undefined> {
  await makeDirectory(dirname(file));
  const conflict = ['--nonblock', '--conflict-exit-code', `${CONFLICT}`];
  const holder = holdLock([...conflict, file], options);
  if (await isHeld(holder)) return holder;
  if ((await holder.exited).code === CONFLICT) return undefined;
  throw withoutLock(file, options);
}

/** What flock(1) exits with where somebody else holds the lock; 65 and above are its own errors, 1 is anything's. */
const CONFLICT = 2;

/** Holds `file` as an exclusive lock until disposed; the kernel releases it if pinlab dies. */
export async function lock(file: string, options: LockOptions): Promise<AsyncDisposable> {
  await makeDirectory(dirname(file));
  const holder = holdLock([file], options);
  const waiting = setTimeout(() => options.onWait?.(), 500);
  const held = await isHeld(holder);
  clearTimeout(waiting);
  if (held) return holder;
  throw withoutLock(file, options);
}

function withoutLock(file: string, { what, signal }: LockOptions): Error {
  if (signal?.aborted) return new InterruptedError(`interrupted: lock ${what}`);
  return new InfraError(`lock ${what}: flock ended without the lock`, {
    hint: `check that ${dirname(file)} is writable and not full`,
  });
}

/** flock(1) holds the lock for as long as its cat reads our end of the pipe. */
function holdLock(args: string[], options: LockOptions): Child {
  return start('flock', ['--exclusive', ...args, 'sh', '-c', 'echo held; exec cat'], options);
}

function isHeld(holder: Child): Promise<boolean> {
  return new Promise((resolve) => {
    holder.stdout.once('data', () => resolve(true));
    holder.exited.then(() => resolve(false));
  });
}

// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { run } from '../../host/spawn.ts';

/** A disk of `kib` KiB at `path`, until disposed; only root may mount one. */
export async function smallDisk(path: string, kib: number): Promise<AsyncDisposable> {
  await mkdir(path, { recursive: true });
  return mounted(['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', path], path);
}

/** Makes everything at `path` read-only, for root too, until disposed. */
export async function readOnly(path: string): Promise<AsyncDisposable> {
  const bound = await mounted(['--bind', path, path], path);
  await run('mount', ['-o', 'remount,bind,ro', path], { what: `make ${path} read-only` });
  return bound;
}

async function mounted(args: string[], path: string): Promise<AsyncDisposable> {
  await run('mount', args, { what: `mount ${path}` });
  const unmount = async () => {
    await run('umount', ['--lazy', path], { what: `unmount ${path}` });
  };
  return { [Symbol.asyncDispose]: unmount };
}

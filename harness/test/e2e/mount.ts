// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { privilege } from '../../host/packages.ts';
import { run } from '../../host/spawn.ts';

/** A disk of `kib` KiB at `path` that belongs to the user, until disposed. */
export async function smallDisk(path: string, kib: number): Promise<AsyncDisposable> {
  await mkdir(path, { recursive: true });
  const options = `size=${kib}k,mode=700,uid=${process.getuid?.()},gid=${process.getgid?.()}`;
  return mounted(['-t', 'tmpfs', '-o', options, 'tmpfs', path], path);
}

/** Makes everything at `path` read-only, for root too, until disposed. */
export async function readOnly(path: string): Promise<AsyncDisposable> {
  const bound = await mounted(['--bind', path, path], path);
  await runAsRoot('mount', ['-o', 'remount,bind,ro', path], `make ${path} read-only`);
  return bound;
}

async function mounted(args: string[], path: string): Promise<AsyncDisposable> {
  await runAsRoot('mount', args, `mount ${path}`);
  const unmount = () => runAsRoot('umount', ['--lazy', path], `unmount ${path}`);
  return { [Symbol.asyncDispose]: unmount };
}

/** Only root may mount; the tests run as whoever started them. */
async function runAsRoot(command: string, args: string[], what: string) {
  const become = await privilege();
  if (!become) throw new Error(`${what}: this takes root or passwordless sudo`);
  const [program = command, ...words] = [...become, command, ...args];
  await run(program, words, { what });
}

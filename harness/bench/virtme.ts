// SPDX-License-Identifier: MIT
import { failure, tryRun } from '../host/spawn.ts';
import type { Built } from '../stages/buildAll.ts';

/** Its machine, like pinlab's: two CPUs and 1 GiB under TCG. virtiofsd would need a share of the host's memory, so 9p. */
const MACHINE = ['--arch', 'arm64', '--cpus', '2', '--memory', '1G', '--disable-kvm', '--force-9p'];

/** virtme-ng and the root file system that it boots. */
export interface Virtme {
  version: string;
  root: string;
}

/** The version that the aim was set for. */
export const VIRTME_VERSION = '1.41';

/** `vng` on the path, with the arm64 root file system in the directory `root`; undefined if one is missing. */
export async function findVirtme(root: string | undefined): Promise<Virtme | undefined> {
  if (root === undefined) return undefined;
  const { code, stdout } = await tryRun('vng', ['--version'], { what: 'look for virtme-ng' });
  return code === 0 ? { version: stdout.trim(), root } : undefined;
}

/** From `vng --run` to the first line that its guest's command prints, in ms. */
export async function virtmeMs(virtme: Virtme, { kernel }: Built): Promise<number> {
  const args = ['--run', kernel.image, '--root', virtme.root, '--user', 'root', ...MACHINE];
  // It opens its own stdout anew, which a pipe allows and the socket that Node makes does not.
  const script = `vng "$@" --exec 'echo verdict' </dev/null 2>&1 | cat`;
  const words = ['-c', script, 'sh', ...args];
  const options = { what: 'boot with virtme-ng', timeoutMs: 300_000 };
  const startedAt = performance.now();
  let endedAt: number | undefined;
  const onLine = (line: string) => {
    if (line.trim() === 'verdict') endedAt ??= performance.now();
  };
  const finished = await tryRun('sh', words, { ...options, onLine });
  if (endedAt === undefined) throw failure('sh', words, options, finished);
  return endedAt - startedAt;
}

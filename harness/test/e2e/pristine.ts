// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { readEnvironment } from '../../commands/environment.ts';
import { copyTouched, type Series } from '../../host/overlay.ts';
import { run } from '../../host/spawn.ts';
import type { KernelSource } from '../../kernel/source.ts';
import { resolveKernel } from '../../stages/kernelRequest.ts';
import { openWorkspace, type Workspace } from '../../stages/workspace.ts';

/** pinlab's own workspace, as a command would open it. */
export function ownWorkspace(): Workspace {
  const { root, cacheRoot, crossCompile } = readEnvironment();
  const { signal } = new AbortController();
  return openWorkspace({ root, cacheRoot, crossCompile, signal, emit: () => undefined });
}

/** The source of `base` and the series that pinlab builds it with. */
export async function ownKernel(base: string): Promise<{ source: KernelSource; series: Series }> {
  const choice = { kernel: base, series: 'ours', flavour: 'base', fragments: [] } as const;
  return resolveKernel(ownWorkspace(), choice);
}

/** A git repository in `directory` with the files of `source` that `patches` change, as they are there. */
export async function pristineRepository(
  directory: string,
  source: KernelSource,
  patches: readonly string[],
) {
  await copyTouched(source.directory, directory, patches);
  await git(directory, 'init', '--quiet');
  await git(directory, 'add', '--force', '--all');
  await git(directory, 'commit', '--quiet', '--message', source.version);
}

/** Runs git in `directory`, whoever the user is. */
export async function git(directory: string, ...args: string[]): Promise<string> {
  const somebody = ['-c', 'user.name=somebody', '-c', 'user.email=somebody@localhost'];
  const { stdout } = await run('git', ['-C', directory, ...somebody, ...args], {
    what: `git ${args[0]}`,
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CEILING_DIRECTORIES: join(directory, '..') },
  });
  return stdout;
}

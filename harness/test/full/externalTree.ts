// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../host/spawn.ts';
import { ownKernel, ownWorkspace } from '../e2e/pristine.ts';

export interface ExternalTree extends AsyncDisposable {
  path: string;
}

/**
 * A kernel tree as a developer has it: the source of `base` with `patch` on it. It is a copy and no
 * links, so that whoever writes to it damages nothing else, and always at the same place, whose
 * objects pinlab keeps.
 */
export async function externalTree(base: string, patch: string): Promise<ExternalTree> {
  const { source } = await ownKernel(base);
  const path = join(ownWorkspace().cache.root, `external-${base}`);
  const remove = () => rm(path, { recursive: true, force: true });
  await remove();
  await run('cp', ['--archive', source.directory, path], { what: `copy Linux ${base}` });
  await run('git', ['apply', patch], {
    what: `apply ${patch}`,
    cwd: path,
    // The tree is no part of whatever repository may be around it.
    env: { GIT_CEILING_DIRECTORIES: dirname(path) },
  });
  return { path, [Symbol.asyncDispose]: remove };
}

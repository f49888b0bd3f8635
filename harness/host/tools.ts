// SPDX-License-Identifier: MIT
import { run } from './spawn.ts';

/** The first line of `compiler --version`, which is part of every artifact's key. */
export async function compilerVersion(compiler: string, signal?: AbortSignal): Promise<string> {
  const { stdout } = await run(compiler, ['--version'], {
    what: `ask ${compiler} for its version`,
    signal,
  });
  return stdout.split('\n')[0] ?? '';
}

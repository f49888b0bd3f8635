// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { Apt } from '../host/apt.ts';
import { Cache } from '../host/cache.ts';
import { compilerVersion } from '../host/tools.ts';
import type { StageEvent } from '../schema/events.ts';

/** What every stage is given and none changes. */
export interface Workspace {
  /** The checkout that holds the patches, the tests and the image's description. */
  readonly root: string;
  readonly cache: Cache;
  /** The prefix of the compiler for the guest; empty on an arm64 host. */
  readonly crossCompile: string;
  /** Debian's archive, opened when the first stage needs it. */
  readonly openApt: () => Promise<Apt>;
  /** What `compilerVersion` says of a compiler, asked once. */
  readonly compilerVersion: (compiler: string) => Promise<string>;
  readonly emit: (event: StageEvent) => void;
  readonly signal: AbortSignal;
}

export interface WorkspaceOptions {
  root: string;
  cacheRoot: string;
  crossCompile?: string | undefined;
  emit: (event: StageEvent) => void;
  signal: AbortSignal;
}

/** A workspace on the checkout at `root`, with its artifacts below `cacheRoot`. */
export function openWorkspace({ cacheRoot, crossCompile, ...rest }: WorkspaceOptions): Workspace {
  let apt: Promise<Apt> | undefined;
  const compilers = new Map<string, Promise<string>>();
  return {
    ...rest,
    crossCompile: crossCompile ?? (process.arch === 'arm64' ? '' : 'aarch64-linux-gnu-'),
    cache: new Cache(cacheRoot),
    openApt: () => {
      apt ??= Apt.open(join(cacheRoot, 'apt'), rest.signal);
      return apt;
    },
    compilerVersion: (compiler) => {
      const version = compilers.get(compiler) ?? compilerVersion(compiler, rest.signal);
      compilers.set(compiler, version);
      return version;
    },
  };
}

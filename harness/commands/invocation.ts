// SPDX-License-Identifier: MIT
import type { ExitCode } from '../errors.ts';
import type { StageEvent } from '../schema/events.ts';
import { openWorkspace, type Workspace } from '../stages/workspace.ts';
import type { Environment } from './environment.ts';

/** One call of pinlab: what it was called with, and how it will end. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
  workspace(emit: (event: StageEvent) => void): Workspace;
  /** Sets the exit code; the last call counts. */
  finish(code: ExitCode): void;
}

/** An invocation that reports its exit code to `finish`. */
export function openInvocation(
  argv: readonly string[],
  environment: Environment,
  signal: AbortSignal,
  finish: (code: ExitCode) => void,
): Invocation {
  const { root, cacheRoot, crossCompile } = environment;
  const workspace = (emit: (event: StageEvent) => void) =>
    openWorkspace({ root, cacheRoot, crossCompile, emit, signal });
  return { argv, environment, signal, workspace, finish };
}

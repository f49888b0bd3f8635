// SPDX-License-Identifier: MIT
import type { StageEvent } from '../schema/events.ts';
import { openWorkspace, type Workspace } from '../stages/workspace.ts';
import type { Environment } from './environment.ts';
import type { Interrupts } from './signals.ts';

/** One call of pinlab: what it was called with, and how it will end. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly interrupts: Interrupts;
  workspace(emit: (event: StageEvent) => void): Workspace;
  /** Sets the exit code, ours or that of a program of the user's; the last call counts. */
  finish(code: number): void;
}

/** An invocation that reports its exit code to `finish`. */
export function openInvocation(
  argv: readonly string[],
  environment: Environment,
  interrupts: Interrupts,
  finish: (code: number) => void,
): Invocation {
  const { root, cacheRoot, crossCompile } = environment;
  const { signal } = interrupts;
  const workspace = (emit: (event: StageEvent) => void) =>
    openWorkspace({ root, cacheRoot, crossCompile, emit, signal });
  return { argv, environment, interrupts, workspace, finish };
}

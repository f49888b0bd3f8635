// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, start, tryRun } from '../../host/spawn.ts';
import {
  temporaryDirectory as makeDirectory,
  type TemporaryDirectory,
} from '../../host/temporary.ts';
import { type Results, results } from '../../schema/results.ts';
import { childrenOf } from './processes.ts';

export const ROOT = join(import.meta.dirname, '../../..');
export const CLI = join(ROOT, 'harness/cli.js');
/** Chooses a kernel without the system call, for the seconds that one file takes; the unpatched one is as long as another. */
export const WITHOUT_CALL = ['--patch', join(ROOT, 'harness/test/planted/no-such-call.patch')];
/** Chooses a kernel on which `FAILING` fails, and no other test of its program. */
export const WITH_FAULT = [
  '--patch',
  join(ROOT, 'harness/test/planted/unknown-id-is-einval.patch'),
];
export const FAILING = 'pin_args:pin_args.id_that_does_not_exist_is_enoent';

/**
 * Runs pinlab as a user would and returns how it ended. `tail`, which a failed assertion shows, has
 * no lines of tests that passed: among hundreds of them the one that failed is not seen.
 */
export async function pinlab(args: readonly string[], env: Record<string, string> = {}) {
  const ended = await tryRun(process.execPath, [CLI, ...args], {
    what: `pinlab ${args.join(' ')}`,
    env: { CI: 'true', ...env },
  });
  return { ...ended, tail: ended.tail.replace(/^ok +\S+:.*\n/gm, '') };
}

/** Starts pinlab and leaves it running. */
export function startPinlab(args: readonly string[]): Child {
  return start(process.execPath, [CLI, ...args], { what: 'pinlab', env: { CI: 'true' } });
}

/** A directory of the test's own, removed with its scope. */
export function temporaryDirectory(): Promise<TemporaryDirectory> {
  return makeDirectory('e2e');
}

/** The results document below `directory`, checked against its schema. */
export async function readResults(directory: string): Promise<Results> {
  return results.parse(JSON.parse(await readFile(join(directory, 'results.json'), 'utf8')));
}

/** Waits until `child` has the verdict of a first test; returns its children, its QEMU among them. */
export async function untilTesting(child: Child): Promise<number[]> {
  let output = '';
  const tested = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
      if (/^ok +\S+:/m.test(output)) resolve();
    });
  });
  const ended = child.exited.then(() => {
    throw new Error(`pinlab ended before its first test:\n${output}`);
  });
  await Promise.race([tested, ended]);
  return childrenOf(child.pid);
}

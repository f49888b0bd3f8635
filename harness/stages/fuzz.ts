// SPDX-License-Identifier: MIT
import { copyFile, cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { hashFile, hashTree } from '../host/hash.ts';
import { printable } from '../schema/printable.ts';
import type { Attempt, Results } from '../schema/results.ts';
import type { ExtendGuestTests } from './buildAll.ts';
import { directoryName } from './failureBundle.ts';
import type { PlannedTest } from './testPlan.ts';
import type { Workspace } from './workspace.ts';

/** How many operations one test of the fuzzer performs, at least: SEQUENCE_OPERATIONS of guest-tests/fuzz.c. */
export const SEQUENCE_OPERATIONS = 5_000;

const PROGRAM = 'fuzz';
/** Where the guest program looks for operations to replay, in its working directory. */
const REPLAY = 'replay.txt';
const REPLAY_HINT = 'name a file that pinlab fuzz wrote to its --output: an operation a line';
/** How much of a line that is no operation is shown. */
const MOST_SHOWN = 100;

/** Which sequences of operations to run. */
export type FuzzPlan =
  /** From `seed` on, as many as perform `budget` operations. */
  | { seed: number; budget: number }
  /** A file with operations, as the fuzzer prints them. */
  | { file: string };

/** The tests of `plan`: any seed is a test, listed or not. */
export function fuzzTests(plan: FuzzPlan): PlannedTest[] {
  if ('file' in plan) return [fuzzTest('replayed')];
  const sequences = Math.ceil(plan.budget / SEQUENCE_OPERATIONS);
  return Array.from({ length: sequences }, (_, i) => fuzzTest(`seed_${plan.seed + i}`));
}

function fuzzTest(variant: string): PlannedTest {
  const name = `sequence.${variant}.ends_as_the_model_predicts`;
  return { id: `${PROGRAM}:${name}`, program: PROGRAM, name };
}

/** Offers the tests of `plan`, with the file that is to be replayed. */
export function offerFuzzTests(workspace: Workspace, plan: FuzzPlan): ExtendGuestTests {
  return async (guestTests) => {
    const tests = fuzzTests(plan);
    if (!('file' in plan)) return { ...guestTests, tests };
    const { cache, signal } = workspace;
    const inputs = { programs: guestTests.sha256, replay: await hashFile(plan.file) };
    const fill = async (directory: string) => {
      const partial = join(directory, 'partial');
      await cp(guestTests.directory, partial, { recursive: true, verbatimSymlinks: true });
      await copyFile(plan.file, join(partial, REPLAY));
      await rename(partial, join(directory, 'upload'));
    };
    const entry = await cache.get('fuzz-replay', inputs, fill, { signal });
    const directory = join(entry.directory, 'upload');
    return { ...guestTests, directory, tests, sha256: await hashTree(directory) };
  };
}

/** Refuses a file that holds no operation. */
export async function checkReplay(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`cannot read ${file}: ${cause.message}`, { hint: REPLAY_HINT, cause });
  });
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const wrong = lines.find((line) => !/^[a-z_]+( [a-z_]+=\d+)*$/.test(line));
  if (wrong === undefined && lines.length > 0) return;
  throw new UsageError(
    `${file}: ${wrong === undefined ? 'no operations' : `not an operation: ${printable(wrong, MOST_SHOWN)}`}`,
    { hint: REPLAY_HINT },
  );
}

/** The operations that a failed test of the fuzzer ended with, one a line; none if it found nothing. */
export function shrunkOperations({ diagnostics }: Pick<Attempt, 'diagnostics'>): string[] {
  return diagnostics.flatMap((line) => /^# fuzz: (.*)$/.exec(line)?.[1] ?? []);
}

/** Writes the operations of each failure below `output`, for `--replay`; returns the files. */
export async function writeReproducers(output: string, { tests }: Results): Promise<string[]> {
  const files = tests.map(async ({ id, reason, attempts }) => {
    const operations = shrunkOperations(attempts.at(-1) ?? { diagnostics: [] });
    if (operations.length === 0) return [];
    const file = join(output, `${directoryName(id)}.txt`);
    await writeFile(file, [`# ${reason ?? id}`, ...operations, ''].join('\n'));
    return [file];
  });
  return (await Promise.all(files)).flat();
}

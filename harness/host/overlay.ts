// SPDX-License-Identifier: MIT
import { constants, copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { MismatchError } from '../errors.ts';
import { readAppliedFiles, writeAppliedFiles } from './appliedFiles.ts';
import { hashFile, listFiles } from './hash.ts';
import type { Place } from './mailbox.ts';
import { exists } from './paths.ts';
import { failure, run, tryRun } from './spawn.ts';

/** What is put on top of a pristine source tree: new files, then patches in order. */
export interface Series {
  /** Names the work tree: `none`, `mempinfd`, or a hash of somebody's patches. */
  name: string;
  /** Each directory's files, and where in the tree they go. */
  newFiles: readonly { from: string; to: string }[];
  /** Patch files, in the order they apply. */
  patches: readonly string[];
  /** Where the patches come from that a user's mailbox was split into, by their files. */
  origins?: ReadonlyMap<string, Origin>;
  /** How many lines around a change must match: all that a patch has, where it does not say. */
  context?: number;
}

/** A mailbox and the place in it. */
export interface Origin extends Place {
  mailbox: string;
}

export interface SeriesPart {
  name: string;
  sha256: string;
}

/** Each part of `series` with the hash of its bytes. */
export async function seriesParts(series: Series): Promise<SeriesPart[]> {
  const parts = [
    ...(await newFiles(series)).map(({ file, target }) => ({ file, name: target })),
    ...series.patches.map((file) => ({ file, name: basename(file) })),
  ];
  return Promise.all(parts.map(async ({ file, name }) => ({ name, sha256: await hashFile(file) })));
}

/** Makes `tree` out of hard links to `pristine`, whole or not at all. */
export async function linkTree(pristine: string, tree: string, signal?: AbortSignal) {
  const partial = `${tree}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(tree), { recursive: true });
  await run('cp', ['--archive', '--link', pristine, partial], {
    what: `link the work tree ${tree}`,
    signal,
  });
  await rename(partial, tree);
}

/** What git apply exits with when the context differs. */
const DOES_NOT_APPLY = 1;

/**
 * Makes `tree` equal to `pristine` plus `series`, rewriting only files whose bytes change, so that
 * make rebuilds only what depends on them. Files of `tree` may be hard links to `pristine`: each is
 * replaced, never written through.
 */
export async function applySeries(
  pristine: string,
  tree: string,
  series: Series,
  signal?: AbortSignal,
): Promise<void> {
  const overlay = `${tree}.overlay`;
  await rm(overlay, { recursive: true, force: true });
  await mkdir(overlay, { recursive: true });
  await seriesOverlay(pristine, overlay, series, signal);
  const files = (await listFiles(overlay)).map((file) => relative(overlay, file));
  const removed = await removedFiles(pristine, overlay, series.patches);
  const touched = [...files, ...removed];
  const before = (await readAppliedFiles(tree)) ?? (await linkAnew(pristine, tree, signal));
  // Recorded before the first change: after a kill the next run still restores every file.
  await writeAppliedFiles(tree, [...new Set([...before, ...touched])]);
  for (const file of before.filter((name) => !touched.includes(name))) {
    await restore(join(pristine, file), join(tree, file));
  }
  for (const file of removed) await rm(join(tree, file), { force: true });
  for (const file of files) await replaceIfDifferent(join(overlay, file), join(tree, file));
  await writeAppliedFiles(tree, touched);
  await rm(overlay, { recursive: true, force: true });
}

/** Begins `tree` again, of which nobody knows what to restore: no file of a series is in it then. */
async function linkAnew(pristine: string, tree: string, signal?: AbortSignal): Promise<string[]> {
  const damaged = `${tree}.damaged`;
  await rm(damaged, { recursive: true, force: true });
  await rename(tree, damaged);
  await rm(damaged, { recursive: true });
  await linkTree(pristine, tree, signal);
  return [];
}

/** Writes the files that `series` adds to `pristine` or changes to `overlay`, as the series leaves them. */
export async function seriesOverlay(
  pristine: string,
  overlay: string,
  series: Series,
  signal?: AbortSignal,
) {
  await copyTouched(pristine, overlay, series.patches);
  for (const { file, target } of await newFiles(series)) {
    await copyIfThere(file, join(overlay, target));
  }
  await applyPatches(series, overlay, signal);
}

/** As strict as git am, unless the series says less: the context must match, though it may have moved. */
async function applyPatches(series: Series, directory: string, signal?: AbortSignal) {
  const { patches } = series;
  if (patches.length === 0) return;
  // All or nothing, and quicker than one by one; which of them does not apply, it does not say.
  const together = await gitApply(patches, series, directory, signal);
  if (together.code === 0) return;
  for (const patch of patches) await applyPatch(patch, series, directory, signal);
}

/** Copies each file of `pristine` that one of `patches` changes to the same place below `to`. */
export async function copyTouched(pristine: string, to: string, patches: readonly string[]) {
  for (const file of await touchedByAny(patches)) {
    await copyIfThere(join(pristine, file), join(to, file));
  }
}

/** The files of `pristine` that `patches` delete or rename: they are not left in `overlay`. */
async function removedFiles(pristine: string, overlay: string, patches: readonly string[]) {
  const removed: string[] = [];
  for (const file of await touchedByAny(patches)) {
    if (await exists(join(overlay, file))) continue;
    if (await exists(join(pristine, file))) removed.push(file);
  }
  return removed;
}

async function touchedByAny(patches: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(patches.map((patch) => readFile(patch, 'utf8')));
  return [...new Set(texts.flatMap(touchedFiles))];
}

async function newFiles(series: Series): Promise<{ file: string; target: string }[]> {
  const lists = series.newFiles.map(async ({ from, to }) =>
    (await listFiles(from)).map((file) => ({ file, target: join(to, relative(from, file)) })),
  );
  return (await Promise.all(lists)).flat();
}

/** The files that a patch changes, without the `a/` and `b/` in front. */
export function touchedFiles(patch: string): string[] {
  const headers = [...patch.matchAll(/^diff --git a\/(\S+) b\/(\S+)$/gm)];
  const names = [...patch.matchAll(/^(?:---|\+\+\+) [ab]\/(\S+)/gm)];
  return [...new Set([...headers, ...names].flatMap(([, ...found]) => found))];
}

/** The files that `patches` add to a tree that has them not. */
export async function createdFiles(patches: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(patches.map((patch) => readFile(patch, 'utf8')));
  const headers = texts.flatMap((text) => [
    ...text.matchAll(/^--- \/dev\/null\n\+\+\+ b\/(\S+)/gm),
  ]);
  return headers.map(([, file]) => file as string);
}

/** The lines that `patch` adds to `file`, without their plus. */
export function addedLines(patch: string, file: string): string {
  const lines: string[] = [];
  let current = '';
  for (const line of patch.split('\n')) {
    const target = /^\+\+\+ (?:b\/)?(\S+)/.exec(line)?.[1];
    if (target !== undefined) current = target;
    else if (current === file && line.startsWith('+')) lines.push(line.slice(1));
  }
  return lines.join('\n');
}

async function applyPatch(patch: string, series: Series, directory: string, signal?: AbortSignal) {
  const finished = await gitApply([patch], series, directory, signal);
  if (finished.code === 0) return;
  if (finished.code !== DOES_NOT_APPLY) {
    throw failure('git', ['apply', patch], { what: `apply ${basename(patch)}` }, finished);
  }
  throw new MismatchError(`${patch} does not apply`, {
    output: finished.tail,
    hint: 'rebase the patch onto this source, or choose the kernel that it is meant for with --kernel',
    command: `git apply --check ${patch}`,
    place: { file: patch, line: failedHunk(await readFile(patch, 'utf8'), finished.tail) },
  });
}

/** The line of `patch` at which the hunk begins that git named, or else the first. */
function failedHunk(patch: string, said: string): number {
  const [, file, before] = /patch failed: (\S+):(\d+)$/m.exec(said) ?? [];
  const lines = patch.split('\n');
  const target = lines.findIndex((line) => line.startsWith(`+++ b/${file}`));
  const hunk = lines.findIndex((line, i) => i > target && line.startsWith(`@@ -${before},`));
  return Math.max(hunk, 0) + 1;
}

function gitApply(
  patches: readonly string[],
  { context }: Series,
  directory: string,
  signal?: AbortSignal,
) {
  const loosely = context === undefined ? [] : [`-C${context}`];
  const files = patches.map((patch) => resolve(patch));
  const args = ['apply', '-p1', '--whitespace=nowarn', ...loosely, ...files];
  return tryRun('git', args, {
    what: 'apply a series',
    cwd: directory,
    // The directory is no part of whatever repository may be around it.
    env: { GIT_CEILING_DIRECTORIES: dirname(directory), LC_ALL: 'C' },
    signal,
  });
}

async function restore(from: string, to: string) {
  await rm(to, { force: true });
  await copyIfThere(from, to);
}

async function copyIfThere(from: string, to: string) {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/**
 * Makes `tree` hold what is below `parts` of `root`, at the same places, and nothing else. As with a
 * series only files whose bytes differ are rewritten.
 */
export async function mirror(root: string, parts: readonly string[], tree: string): Promise<void> {
  const listed = await Promise.all(parts.map((part) => listFiles(join(root, part))));
  const files = new Set(listed.flat().map((file) => relative(root, file)));
  for (const file of await listFiles(tree)) if (!files.has(relative(tree, file))) await rm(file);
  for (const file of files) await replaceIfDifferent(join(root, file), join(tree, file));
}

/**
 * Gives `to` the bytes of `from`, and whether they can be executed; where it has both already, make
 * must not notice anything.
 */
export async function replaceIfDifferent(from: string, to: string): Promise<void> {
  const wanted = await readFile(from);
  const present = await readFile(to).catch(() => undefined);
  if (present?.equals(wanted) && (await isExecutable(from)) === (await isExecutable(to))) return;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, `${to}.pinlab-new`);
  await rename(`${to}.pinlab-new`, to);
}

async function isExecutable(file: string): Promise<boolean> {
  return ((await stat(file)).mode & constants.S_IXUSR) !== 0;
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { asPinlabError } from '../errors.ts';
import { type Series, type SeriesPart, seriesOverlay, seriesParts } from '../host/overlay.ts';
import { exists } from '../host/paths.ts';
import { type PatchLine, patchLine } from '../kernel/patchLine.ts';
import type { KernelSource } from '../kernel/source.ts';
import type { Frame } from '../schema/results.ts';
import type { Workspace } from './workspace.ts';

/** The sources that a kernel was built from. */
export interface KernelSources {
  source: KernelSource;
  applied: Series;
  /** The parts of `applied` as they were when it was built. */
  series: readonly SeriesPart[];
}

/** How many lines are shown before and behind the one of a frame. */
const AROUND = 4;
const MAX_WIDTH = 200;
/** Our own modules, which no kernel tree has. */
const OURS = /^kernel\/(dma-testdev|selftest)\//;

/** `frames` with the source around their lines, and the line of the patch that a line comes from. */
export async function withSource(
  workspace: Workspace,
  sources: KernelSources,
  frames: readonly Frame[],
): Promise<Frame[]> {
  const tree = await openTree(workspace, sources);
  if (!tree) return [...frames];
  return Promise.all(frames.map((frame) => enrich(frame, tree)));
}

interface Tree extends Workspace, KernelSources {
  /** The files that the series adds or changes, as it leaves them. */
  overlay: string;
  /** The text of each patch. */
  patches: readonly string[];
}

/** What the kernel was built from; none if it has been edited or moved since, or there is no room for it. */
async function openTree(workspace: Workspace, sources: KernelSources): Promise<Tree | undefined> {
  try {
    const overlay = await overlayDirectory(workspace, sources);
    if (overlay === undefined) return undefined;
    const patches = sources.applied.patches.map((file) => readFile(file, 'utf8'));
    return { ...workspace, ...sources, overlay, patches: await Promise.all(patches) };
  } catch (error) {
    // A report without its source is still a report; a bug of ours is thrown on.
    asPinlabError(error);
    return undefined;
  }
}

async function overlayDirectory(
  { cache, signal }: Workspace,
  { source, applied, series }: KernelSources,
): Promise<string | undefined> {
  // Below a tree that nothing is put on, every file is the tree's.
  if (!source.pristine) return source.directory;
  const parts = JSON.stringify(await seriesParts(applied));
  if (parts !== JSON.stringify(series)) return undefined;
  const inputs = { source: `${source.base} ${source.version}`, series: parts };
  const build = (to: string) => seriesOverlay(source.directory, to, applied, signal);
  return (await cache.get('kernel-overlay', inputs, build, { signal })).directory;
}

async function enrich(frame: Frame, tree: Tree): Promise<Frame> {
  const { file, line } = frame;
  if (file === undefined || line === undefined || file.split('/').includes('..')) return frame;
  const lines = await linesOf(file, tree);
  if (lines?.[line - 1] === undefined) return frame;
  const first = Math.max(1, line - AROUND);
  const shown = lines.slice(first - 1, line + AROUND).map((text) => text.slice(0, MAX_WIDTH));
  const repository = await repositoryLine(file, line, tree);
  return { ...frame, source: { first, lines: shown }, ...(repository ? { repository } : {}) };
}

async function linesOf(file: string, { root, overlay, source }: Tree) {
  const places = OURS.test(file) ? [root] : [overlay, source.directory];
  for (const place of places) {
    const text = await readFile(join(place, file), 'utf8').catch(() => undefined);
    if (text !== undefined) return text.split('\n');
  }
  return undefined;
}

/** The line of this checkout that is the line of the kernel: in a file of ours, or in a patch. */
export async function repositoryLine(
  file: string,
  line: number,
  { root, applied, patches }: Pick<Tree, 'root' | 'applied' | 'patches'>,
) {
  if (OURS.test(file)) return { file, line };
  for (const { from, to } of applied.newFiles) {
    const path = join(from, relative(to, file));
    if (await exists(path)) return inRepository(root, path, line);
  }
  const found = patchLine(patches, file, line);
  return found && patchPlace(root, applied, found);
}

/** The line of a patch as its user has it: what a mailbox was split into is nobody's file. */
export function patchPlace(root: string, { patches, origins }: Series, found: PatchLine) {
  const patch = patches[found.patch] ?? '';
  const origin = origins?.get(patch);
  if (!origin) return inRepository(root, patch, found.line);
  const { mailbox, line, verbatim } = origin;
  return inRepository(root, mailbox, verbatim ? line + found.line - 1 : line);
}

/** Somebody who calls pinlab from a repository of their own has patches there. */
function inRepository(root: string, path: string, line: number) {
  const around = [root, process.cwd()].find((directory) => path.startsWith(`${directory}/`));
  return around === undefined ? undefined : { file: relative(around, path), line };
}

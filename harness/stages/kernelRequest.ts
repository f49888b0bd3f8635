// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { cacheKey } from '../host/cache.ts';
import { hashFile } from '../host/hash.ts';
import { isMailbox, isPatch, splitMailbox, splitPatches } from '../host/mailbox.ts';
import type { Origin, Series } from '../host/overlay.ts';
import { bases, findBase } from '../kernel/bases.ts';
import { strayLine } from '../kernel/config.ts';
import { ownSources } from '../kernel/coverage.ts';
import { flavours } from '../kernel/fragments.ts';
import { isOurs, type OurSeries, ourSeries } from '../kernel/ourSeries.ts';
import { debianSource, developerTree, type KernelSource, treeCommit } from '../kernel/source.ts';
import { printable } from '../schema/printable.ts';
import type { KernelRequest } from './buildKernel.ts';
import { stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** Which kernel the user asked for. */
export interface KernelChoice {
  /** `6.12`, `7.3`, or the directory of a kernel tree. */
  kernel: string;
  /** Our series or the part of it that is no matter of mm, none, or somebody's patches and mailboxes in order. */
  series: OurSeries | 'none' | readonly string[];
  /** On top of the series, in order. */
  patches?: readonly string[] | undefined;
  flavour: string;
  /** Files with further options, in order. */
  fragments: readonly string[];
  /** Count how often each line of the series' own files runs. */
  coverage?: boolean;
}

/** Refuses what cannot be meant, before anything long begins. */
export async function checkChoice(choice: KernelChoice): Promise<void> {
  const { kernel, series, patches = [], flavour, fragments } = choice;
  if (!flavours.includes(flavour)) {
    throw new UsageError(`there is no flavour ${flavour}`, {
      hint: `choose one of ${flavours.join(', ')}`,
    });
  }
  if (!findBase(kernel)) await checkTree(choice);
  const patchFiles = [...(Array.isArray(series) ? series : []), ...patches];
  await Promise.all([...fragments.map(checkFragment), ...patchFiles.map(checkPatch)]);
}

async function checkFragment(file: string) {
  const stray = strayLine(await readUserFile(file));
  if (stray === undefined) return;
  throw new UsageError(`${file} is no Kconfig fragment: ${printable(stray, MOST_SHOWN)}`, {
    hint: 'its lines are like CONFIG_KASAN=y, # CONFIG_KASAN is not set, or a comment',
  });
}

async function checkPatch(file: string) {
  const text = await readUserFile(file);
  if (isMailbox(text) || isPatch(text)) return;
  throw new UsageError(`${file} holds no patch`, {
    hint: 'name what git diff or git format-patch wrote, or a mailbox of such mails',
  });
}

/** How much of a line that is no option is shown. */
const MOST_SHOWN = 100;

/** Checks `choice` and fetches the source that it names. */
export async function resolveKernel(
  workspace: Workspace,
  choice: KernelChoice,
): Promise<KernelRequest> {
  await checkChoice(choice);
  const fragments = await Promise.all(choice.fragments.map((file) => readUserFile(file)));
  const source = await atCommit(workspace, await resolveSource(workspace, choice.kernel));
  const series = source.pristine ? await resolveSeries(workspace, choice, source.base) : NO_SERIES;
  // Under the series' own name, whose work tree then needs no more than what they change.
  const patched = await withFiles(workspace, series, choice.patches ?? []);
  const request = { source, series: patched, flavour: choice.flavour, fragments, counted: [] };
  return choice.coverage ? withCoverage(workspace.root, request) : request;
}

/** `source` with its commit, where it has one. */
async function atCommit({ signal }: Workspace, source: KernelSource): Promise<KernelSource> {
  if (source.pristine) return source;
  return { ...source, commit: await treeCommit(source.directory, signal) };
}

/** The same kernel, made to count how often the lines of the series' own files run. */
async function withCoverage(root: string, request: KernelRequest): Promise<KernelRequest> {
  const counted = await ownSources(request.source, request.series);
  if (counted.length === 0) {
    throw new UsageError('--coverage: the series adds no C file to the kernel', {
      hint: 'choose a series that does, or leave --coverage out',
    });
  }
  const fragment = await readFile(join(root, 'kernel/configs/coverage.config'), 'utf8');
  return { ...request, fragments: [fragment, ...request.fragments], counted };
}

/** The unpatched kernel, and a developer's own tree. */
export const NO_SERIES: Series = { name: 'none', newFiles: [], patches: [] };

/** The source that `kernel` names: a base, or the directory of a tree. */
export async function resolveSource(workspace: Workspace, kernel: string): Promise<KernelSource> {
  return findBase(kernel) ? resolveBase(workspace, kernel) : developerTree(kernel);
}

/** The source of the base that is called `name`. */
export async function resolveBase(workspace: Workspace, name: string): Promise<KernelSource> {
  const base = findBase(name);
  if (!base) throw unknownBase(name);
  const { cache, openApt, signal } = workspace;
  return stage(workspace, 'source', `source of Linux ${base.name}`, () =>
    debianSource(base, cache, openApt, { signal }),
  );
}

async function checkTree(choice: KernelChoice) {
  const { kernel } = choice;
  if (/^\d[\d.]*$/.test(kernel)) throw unknownBase(kernel);
  await developerTree(kernel);
  const option = changingOption(choice);
  if (option === undefined) return;
  throw new UsageError(`${kernel} is never written to, so ${option} cannot change it`, {
    hint: 'apply the patches there, or choose a base with --kernel',
  });
}

/** The option that asks for other sources than those of a tree; that there is no series is true of it anyway. */
function changingOption({ series, patches = [] }: KernelChoice): string | undefined {
  if (patches.length > 0) return '--patch';
  if (series === 'ours-without-mm') return '--without-mm-patches';
  return typeof series === 'string' ? undefined : '--series';
}

function unknownBase(kernel: string): UsageError {
  const names = bases.map(({ name }) => name).join(', ');
  return new UsageError(`there is no kernel ${kernel}`, {
    hint: `choose one of ${names}, or give the directory of a kernel tree, such as ./linux`,
  });
}

async function resolveSeries(
  workspace: Workspace,
  { series }: KernelChoice,
  base: string,
): Promise<Series> {
  const { root } = workspace;
  if (series === 'none') return NO_SERIES;
  if (isOurs(series)) return ourSeries(root, base, series);
  const hashes = await Promise.all(series.map(hashFile));
  const name = `series-${cacheKey({ hashes: hashes.join() })}`;
  return withFiles(workspace, { name, newFiles: [], patches: [] }, series);
}

/** `series` with the patches of the user's `files` on top. */
async function withFiles(
  workspace: Workspace,
  series: Series,
  files: readonly string[],
): Promise<Series> {
  const found = (await Promise.all(files.map((file) => patchesOf(workspace, file)))).flat();
  const origins = found.flatMap(({ file, origin }) => (origin ? [[file, origin] as const] : []));
  return {
    ...series,
    patches: [...series.patches, ...found.map(({ file }) => file)],
    origins: new Map([...(series.origins ?? []), ...origins]),
  };
}

interface UserPatch {
  file: string;
  /** Where it was in a mailbox, if it was in one. */
  origin?: Origin;
}

/** A file of the user's: a plain patch, or a mailbox with any number of them. */
async function patchesOf({ cache, signal }: Workspace, file: string): Promise<UserPatch[]> {
  const mailbox = resolve(file);
  if (!isMailbox(await readUserFile(file))) return [{ file: mailbox }];
  const inputs = { mailbox: await hashFile(file), holds: 'patches and places' };
  const split = (directory: string) => splitMailbox(mailbox, directory, signal);
  const { directory } = await cache.get('mailbox', inputs, split, { signal });
  const patches = await splitPatches(directory);
  return patches.map(({ file, place }) => ({ file, origin: { mailbox, ...place } }));
}

/** A file that was named on the command line. */
function readUserFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`cannot read ${file}: ${cause.message}`, {
      hint: 'name a file: patches and mailboxes for --series and --patch, Kconfig fragments for --config',
      cause,
    });
  });
}

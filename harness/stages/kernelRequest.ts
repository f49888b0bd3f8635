// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { cacheKey } from '../host/cache.ts';
import { hashFile, listFiles } from '../host/hash.ts';
import { isMailbox, splitMailbox } from '../host/mailbox.ts';
import type { Series } from '../host/overlay.ts';
import { bases, findBase } from '../kernel/bases.ts';
import { flavours } from '../kernel/fragments.ts';
import { debianSource, developerTree, type KernelSource } from '../kernel/source.ts';
import type { KernelRequest } from './buildKernel.ts';
import { stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** Which kernel the user asked for. */
export interface KernelChoice {
  /** `6.12`, `7.3`, or the directory of a kernel tree. */
  kernel: string;
  /** Our series, none, or somebody's patches and mailboxes in order. */
  series: 'ours' | 'none' | readonly string[];
  /** On top of the series, in order. */
  patches?: readonly string[] | undefined;
  flavour: string;
  /** Files with further options, in order. */
  fragments: readonly string[];
}

/** Refuses what cannot be meant, before anything long begins. */
export async function checkChoice(choice: KernelChoice): Promise<void> {
  const { kernel, series, patches = [], flavour, fragments } = choice;
  if (!flavours.includes(flavour)) {
    throw new UsageError(`there is no flavour ${flavour}`, {
      hint: `choose one of ${flavours.join(', ')}`,
    });
  }
  if (!findBase(kernel)) await checkTree(kernel, patches);
  const files = [...fragments, ...patches, ...(Array.isArray(series) ? series : [])];
  await Promise.all(files.map((file) => readUserFile(file)));
}

/** Checks `choice` and fetches the source that it names. */
export async function resolveKernel(
  workspace: Workspace,
  choice: KernelChoice,
): Promise<KernelRequest> {
  await checkChoice(choice);
  const fragments = await Promise.all(choice.fragments.map((file) => readUserFile(file)));
  const source = await resolveSource(workspace, choice.kernel);
  const series = source.pristine ? await resolveSeries(workspace, choice, source.base) : NO_SERIES;
  const { patches = [] } = choice;
  const further = await Promise.all(patches.map((file) => patchesOf(workspace, file)));
  // Under the series' own name, whose work tree then needs no more than what they change.
  const patched = { ...series, patches: [...series.patches, ...further.flat()] };
  return { source, series: patched, flavour: choice.flavour, fragments };
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

async function checkTree(kernel: string, patches: readonly string[]) {
  if (/^[\d.]+$/.test(kernel)) throw unknownBase(kernel);
  await developerTree(kernel);
  if (patches.length === 0) return;
  throw new UsageError(`${kernel} is never written to, so --patch cannot change it`, {
    hint: 'apply the patch there, or choose a base with --kernel',
  });
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
  if (series === 'ours') {
    const patches = await listFiles(join(root, 'kernel/patches', base));
    const newFiles = [{ from: join(root, 'kernel/mempinfd'), to: '' }];
    return { name: 'mempinfd', newFiles, patches: patches.filter((f) => f.endsWith('.patch')) };
  }
  const hashes = await Promise.all(series.map(hashFile));
  const name = `series-${cacheKey({ hashes: hashes.join() })}`;
  const patches = await Promise.all(series.map((file) => patchesOf(workspace, file)));
  return { name, newFiles: [], patches: patches.flat() };
}

/** A file of the user's: a plain patch, or a mailbox with any number of them. */
async function patchesOf({ cache, signal }: Workspace, file: string): Promise<string[]> {
  if (!isMailbox(await readUserFile(file))) return [resolve(file)];
  const inputs = { mailbox: await hashFile(file) };
  const split = (directory: string) => splitMailbox(resolve(file), directory, signal);
  const { directory } = await cache.get('mailbox', inputs, split, { signal });
  return (await listFiles(directory)).filter((name) => name.endsWith('.patch'));
}

/** A file that was named on the command line. */
function readUserFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`cannot read ${file}: ${cause.message}`, { cause });
  });
}

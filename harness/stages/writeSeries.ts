// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { listFiles } from '../host/hash.ts';
import { copyTouched } from '../host/overlay.ts';
import { makeDirectory } from '../host/paths.ts';
import { run } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import {
  mailingEnvironment,
  type NewFiles,
  parseCoverLetter,
  parseNewFiles,
  subjectOf,
} from '../kernel/mailing.ts';
import type { KernelSource } from '../kernel/source.ts';
import type { Workspace } from './workspace.ts';

/** What this version of the series follows: v3 was posted in 2021. */
const REROLL = '4';
const PRISTINE = 'pristine';
const BRANCH = 'mempinfd';

/**
 * Writes pinlab's series for `source` into `output` as mails for `git am`, cover letter first, and
 * returns their paths. Equal inputs give equal bytes.
 */
export async function writeSeries(
  { root, signal }: Workspace,
  source: KernelSource,
  output: string,
): Promise<string[]> {
  await refuseOccupied(output);
  await using directory = await temporaryDirectory('series');
  const repository = new Repository(directory.path, signal);
  const newFiles = parseNewFiles(
    await readFile(join(root, 'kernel/patches/new-files.txt'), 'utf8'),
  );
  const patches = await ourPatches(root, source.base);
  await commitPristine(repository, source, patches);
  for (const patch of patches) await commitPatch(repository, root, patch, newFiles);
  await refuseLeftovers(root, patches, newFiles);
  return await formatPatches(repository, root, output);
}

/** Mails of two bases in one directory would be applied as one series. */
async function refuseOccupied(output: string) {
  await makeDirectory(output);
  const mails = (await readdir(output)).filter((name) => name.endsWith('.patch'));
  if (mails.length === 0) return;
  throw new UsageError(`${output} holds ${mails[0]} already`, {
    hint: 'remove what is there, or choose another directory',
  });
}

async function ourPatches(root: string, base: string): Promise<string[]> {
  return (await listFiles(join(root, 'kernel/patches', base))).filter((f) => f.endsWith('.patch'));
}

/** Only what the series touches: mails depend on nothing else. */
async function commitPristine(repository: Repository, source: KernelSource, patches: string[]) {
  await repository.git('init', '--quiet', '--initial-branch', PRISTINE);
  await copyTouched(source.directory, repository.directory, patches);
  await repository.git('add', '--force', '--all');
  await repository.git('commit', '--quiet', '--message', `Linux ${source.version}`);
  await repository.git('checkout', '--quiet', '-b', BRANCH);
}

async function commitPatch(
  repository: Repository,
  root: string,
  patch: string,
  newFiles: NewFiles,
) {
  await repository.git('am', '--quiet', '--whitespace=nowarn', patch);
  const added = newFiles.get(subjectOf(await readFile(patch, 'utf8'))) ?? [];
  if (added.length === 0) return;
  for (const file of added) {
    const target = join(repository.directory, file);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(root, 'kernel/mempinfd', file), target);
  }
  await repository.git('add', '--force', ...added);
  await repository.git('commit', '--quiet', '--amend', '--no-edit');
}

/** A new file that no patch adds would be in the kernel that pinlab builds, but not in the mails. */
async function refuseLeftovers(root: string, patches: readonly string[], newFiles: NewFiles) {
  const subjects = await Promise.all(
    patches.map(async (f) => subjectOf(await readFile(f, 'utf8'))),
  );
  const claimed = subjects.flatMap((subject) => newFiles.get(subject) ?? []);
  const own = join(root, 'kernel/mempinfd');
  const left = (await listFiles(own)).filter((f) => !claimed.includes(f.slice(own.length + 1)));
  if (left.length === 0) return;
  throw new UsageError(`no patch adds ${left.map((file) => basename(file)).join(', ')}`, {
    hint: 'name the patch that does in kernel/patches/new-files.txt, by its subject',
  });
}

async function formatPatches(repository: Repository, root: string, output: string) {
  const letter = await readFile(join(root, 'kernel/patches/cover-letter.txt'), 'utf8');
  await repository.git('config', `branch.${BRANCH}.description`, parseCoverLetter(letter));
  const written = await repository.git(
    ...['format-patch', '--cover-letter', '--cover-from-description=subject'],
    ...[`--reroll-count=${REROLL}`, '--full-index', '--zero-commit', '--no-signature'],
    ...['--output-directory', resolve(output), `${PRISTINE}..${BRANCH}`],
  );
  return written.trim().split('\n');
}

/** A git repository of our own, deaf to the user's settings. */
class Repository {
  readonly directory: string;
  readonly #signal: AbortSignal;

  constructor(directory: string, signal: AbortSignal) {
    this.directory = directory;
    this.#signal = signal;
  }

  async git(...args: string[]): Promise<string> {
    const { stdout } = await run('git', args, {
      what: `git ${args[0]}`,
      cwd: this.directory,
      env: mailingEnvironment(this.directory),
      signal: this.#signal,
    });
    return stdout;
  }
}

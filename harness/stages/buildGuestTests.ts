// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { BuildError } from '../errors.ts';
import { BUILD_ENVIRONMENT } from '../host/buildEnvironment.ts';
import { cacheKey } from '../host/cache.ts';
import { hashFile, hashTree } from '../host/hash.ts';
import { lock } from '../host/lock.ts';
import { mirror } from '../host/overlay.ts';
import { commandLine, run, tryRun } from '../host/spawn.ts';
import type { KernelSource } from '../kernel/source.ts';
import { type MempinfdUapi, mempinfdUapi } from '../kernel/uapi.ts';
import type { KernelRequest } from './buildKernel.ts';
import { NO_SERIES, resolveSource } from './kernelRequest.ts';
import { type ListedCell, parseCells } from './matrixPlan.ts';
import { type StageProgress, stage } from './stage.ts';
import { type PlannedTest, parseListing } from './testPlan.ts';
import type { Workspace } from './workspace.ts';

/** The guest programs, built. */
export interface GuestTestsArtifact {
  /** Holds what is copied into the guest: each program, stripped. */
  directory: string;
  /** The program that counts instructions, which boots alone. */
  bench: string;
  /** The program that measures the machine, which boots alone. */
  benchMachine: string;
  /** Every test of every program. */
  tests: PlannedTest[];
  /** Every cell of the fault matrix, as the guest names it. */
  cells: ListedCell[];
  sha256: string;
  hit: boolean;
}

/** Where the programs are in the guest. */
export const GUEST_DIRECTORY = '/tests';

const LISTING = 'tests.json';
const CELLS = 'cells.jsonl';
const BENCH = 'bench';
const BENCH_MACHINE = 'bench-machine';
/** All programs in one: each is a link to it. */
const EXECUTABLE = 'guest-tests';
/** The tool that gives a restored guest random numbers of its own: it is in the executable as well. */
export const RESEED = 'reseed';
/** So is the program that fills the fault matrix. */
export const MATRIX = 'matrix';
/** What the programs are made of; an example in the manual page is compiled too. */
const SOURCES = [
  'guest-tests',
  'qemu/dma-testdev/dma-testdev-regs.h',
  'docs/mempinfd.2',
  'kernel/mempinfd/include',
];
/** The one header of the kernel tree that the programs are compiled against. */
const KSELFTEST = 'tools/testing/selftests/kselftest_harness.h';

/** Every test, for the kernel that `kernel` names; boots nothing. */
export async function listTests(workspace: Workspace, kernel: string): Promise<PlannedTest[]> {
  const source = await resolveSource(workspace, kernel);
  return (await buildGuestTests(workspace, { source, series: NO_SERIES })).tests;
}

/** Builds the guest programs for the kernel that will run them, or finds them built. */
export function buildGuestTests(
  workspace: Workspace,
  { source, series }: Pick<KernelRequest, 'source' | 'series'>,
): Promise<GuestTestsArtifact> {
  return stage(workspace, 'guest-tests', 'guest programs', async (progress) => {
    const { cache, root, crossCompile, compilerVersion, signal } = workspace;
    const uapi = await mempinfdUapi(source.directory, series.patches);
    const sources = await hashTree(...SOURCES.map((part) => join(root, part)));
    const given = {
      mempinfd: `${uapi.number} v${uapi.version}`,
      kselftest: await hashFile(join(source.directory, KSELFTEST)),
      compiler: await compilerVersion(`${crossCompile}gcc`),
      native: await compilerVersion('gcc'),
    };
    const work = join(cache.root, 'guest-tests-work', cacheKey(given));
    const entry = await cache.get(
      'guest-tests',
      { sources, ...given },
      (directory) => build({ workspace, source, uapi, work, progress }, directory),
      { signal },
    );
    const directory = join(entry.directory, 'upload');
    return {
      directory,
      bench: join(entry.directory, BENCH),
      benchMachine: join(entry.directory, BENCH_MACHINE),
      tests: JSON.parse(await readFile(join(entry.directory, LISTING), 'utf8')),
      cells: parseCells(await readFile(join(entry.directory, CELLS), 'utf8')),
      sha256: await hashTree(directory),
      hit: entry.hit,
    };
  });
}

interface Build {
  workspace: Workspace;
  source: KernelSource;
  uapi: MempinfdUapi;
  /** Where sources and objects stay, so that an edit compiles what depends on it. */
  work: string;
  progress: StageProgress;
}

async function build(request: Build, directory: string) {
  const { workspace, work, progress } = request;
  const { root, signal, crossCompile } = workspace;
  const onWait = () => progress.say('another run builds the guest programs; waiting for it');
  await using _ = await lock(`${work}.lock`, { what: 'guest programs', signal, onWait });
  await mirror(root, SOURCES, join(work, 'src'));
  const guest = join(work, 'guest');
  const native = join(work, 'native');
  await make(request, [`O=${guest}`, `CROSS_COMPILE=${crossCompile}`]);
  await make(request, [`O=${native}`, 'HOST=1']);
  const programs = await programNames(root);
  await prepareUpload(workspace, programs, guest, join(directory, 'upload'));
  const tests = await Promise.all(programs.map((program) => list(workspace, native, program)));
  await writeFile(join(directory, LISTING), JSON.stringify(tests.flat()));
  await writeFile(join(directory, CELLS), await printList(workspace, native, MATRIX));
  for (const name of [BENCH, BENCH_MACHINE])
    await copyFile(join(guest, name), join(directory, name));
}

async function make({ workspace, source, uapi, work, progress }: Build, settings: string[]) {
  const { root, signal } = workspace;
  const tree = join(work, 'src');
  const args = [
    ...['-C', join(tree, 'guest-tests'), `KERNEL=${source.directory}`, ...settings],
    ...[`MEMPINFD_NUMBER=${uapi.number}`, `MEMPINFD_VERSION=${uapi.version}`],
    `-j${availableParallelism()}`,
  ];
  const what = 'build the guest programs';
  const onLine = (line: string) => {
    const target = / -o (\S+)\.part/.exec(line)?.[1];
    if (target) progress.step(basename(target));
  };
  const finished = await tryRun('make', args, { what, env: BUILD_ENVIRONMENT, onLine, signal });
  if (finished.code === 0) return;
  // What the user can edit are the files that these are copies of.
  const inCheckout = (text: string) => text.replaceAll(`${tree}/`, `${root}/`);
  throw new BuildError(`${what}: make exited with ${finished.code ?? finished.signal}`, {
    command: inCheckout(commandLine('make', args)),
    output: inCheckout(finished.tail),
  });
}

/** One program a C file at the top of guest-tests/. */
async function programNames(root: string): Promise<string[]> {
  const names = await readdir(join(root, 'guest-tests'));
  return names
    .filter((name) => name.endsWith('.c'))
    .map((name) => basename(name, '.c'))
    .sort();
}

/** Debug information stays on the host: every byte is encrypted and decrypted under emulation. */
async function prepareUpload(
  { crossCompile, signal }: Workspace,
  programs: readonly string[],
  from: string,
  to: string,
) {
  await mkdir(to);
  const args = ['-o', join(to, EXECUTABLE), join(from, EXECUTABLE)];
  await run(`${crossCompile}strip`, args, { what: 'strip the guest programs', signal });
  for (const name of [...programs, RESEED, MATRIX]) await symlink(EXECUTABLE, join(to, name));
}

/** The native build of a program can do nothing but list; it has the same source and the same ids. */
async function list(workspace: Workspace, directory: string, program: string) {
  return parseListing(program, await printList(workspace, directory, program));
}

async function printList({ signal }: Workspace, directory: string, program: string) {
  const what = `list what ${program} can do`;
  return (await run(join(directory, program), ['--list'], { what, signal })).stdout;
}

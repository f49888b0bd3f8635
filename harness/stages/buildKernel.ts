// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MismatchError } from '../errors.ts';
import { type CacheEntry, cacheKey } from '../host/cache.ts';
import { hashFile, hashTree } from '../host/hash.ts';
import { lock } from '../host/lock.ts';
import { replaceIfDifferent, type Series, type SeriesPart, seriesParts } from '../host/overlay.ts';
import { exists } from '../host/paths.ts';
import {
  BUILD_STEP,
  buildDirectoryName,
  compile,
  configure,
  type KernelBuild,
  seedObjects,
} from '../kernel/build.ts';
import { coverageSettings, notesFile } from '../kernel/coverage.ts';
import { readFragments } from '../kernel/fragments.ts';
import { copyGdbScripts } from '../kernel/gdbScripts.ts';
import { compileModule } from '../kernel/module.ts';
import type { KernelSource } from '../kernel/source.ts';
import { workTree, workTreeRoot } from '../kernel/worktree.ts';
import { blame } from './blame.ts';
import type { KernelSources } from './sourceContext.ts';
import { type StageProgress, stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** A kernel to judge: where its source is, what goes on top, how it is configured. */
export interface KernelRequest {
  source: KernelSource;
  series: Series;
  flavour: string;
  /** Further options, as text. */
  fragments: readonly string[];
  /** The files whose lines are counted; mostly none. */
  counted: readonly string[];
}

export interface KernelArtifact {
  image: string;
  vmlinux: string;
  config: string;
  /** The driver of the DMA test device, built for this kernel. */
  driver: string;
  /** What breaks this kernel on request, for the self-test of the detectors. */
  selftest: string;
  source: KernelSource;
  /** The sources that it was built from. */
  sources: KernelSources;
  /** Where the source is, as the debug information names it. */
  sourceDirectory: string;
  flavour: string;
  series: SeriesPart[];
  configSha256: string;
  imageSha256: string;
  /** What gcov needs for each file whose lines are counted, by the file's path in the tree. */
  notes: ReadonlyMap<string, string>;
  compiler: string;
  hit: boolean;
}

const IMAGE = 'Image';

/** Our modules: where their sources are below kernel/, and what they are called. */
const MODULES = [
  { directory: 'dma-testdev', name: 'dma_testdev' },
  { directory: 'selftest', name: 'pinlab_selftest' },
] as const;

/** Builds the kernel and the driver, or finds them built. */
export function buildKernel(workspace: Workspace, request: KernelRequest): Promise<KernelArtifact> {
  const { source, series } = request;
  return stage(workspace, 'kernel', titleOf(request), async (progress) => {
    const compiler = await workspace.compilerVersion(`${workspace.crossCompile}gcc`);
    const own = await readFragments(join(workspace.root, 'kernel/configs'), request);
    const fragments = [own, ...request.fragments].join('\n');
    const parts = await seriesParts(series);
    const plan = { request, fragments, progress };
    const built = source.pristine
      ? fromCache(workspace, plan, parts, compiler)
      : fromDeveloperTree(workspace, plan);
    const entry = await built.catch((error) => blame(workspace.root, series, error));
    return describe(entry, request, parts, compiler);
  });
}

/** What builds differ in that take different times. */
function titleOf({ source, series, flavour, fragments, counted }: KernelRequest): string {
  const parts = [`Linux ${source.version}`, `series ${series.name}`, flavour];
  if (counted.length > 0) parts.push('coverage');
  else if (fragments.length > 0) parts.push('further options');
  return parts.join(', ');
}

interface Plan {
  request: KernelRequest;
  fragments: string;
  progress: StageProgress;
}

/** What was built, and the hashes of its files if they are known. */
type Obtained = Pick<CacheEntry, 'directory' | 'hit'> & Partial<Pick<CacheEntry, 'files'>>;

async function fromCache(
  workspace: Workspace,
  plan: Plan,
  parts: SeriesPart[],
  compiler: string,
): Promise<Obtained> {
  const { cache, signal, root } = workspace;
  const { source, flavour } = plan.request;
  const inputs = {
    source: `${source.base} ${source.version}`,
    series: JSON.stringify(parts),
    fragments: plan.fragments,
    modules: await hashTree(...MODULES.map(({ directory }) => join(root, 'kernel', directory))),
    registers: await hashFile(join(root, 'qemu/dma-testdev/dma-testdev-regs.h')),
    flavour,
    compiler,
    ...(plan.request.counted.length > 0 ? { counted: plan.request.counted.join() } : {}),
  };
  const onWait = () => plan.progress.say('another run builds the same; waiting for it');
  const onDamage = () => plan.progress.note('the cached one is damaged; it is built again');
  return cache.get('kernel', inputs, (directory) => build(workspace, plan, directory), {
    ...{ signal, onWait, onDamage },
  });
}

/**
 * A developer's tree has no known content: make decides what is stale. What it makes is kept by its own content, so
 * that the next build of the tree takes nothing from a run that still uses this one.
 */
async function fromDeveloperTree(workspace: Workspace, plan: Plan): Promise<Obtained> {
  const { cache, signal } = workspace;
  const { directory: tree } = plan.request.source;
  const key = cacheKey({ tree });
  const { flavour, counted } = plan.request;
  const objects = counted.length > 0 ? `${flavour}-coverage` : flavour;
  const directory = join(cache.root, 'kernel-developer', key, objects);
  await mkdir(directory, { recursive: true });
  await using _ = await lock(`${directory}.lock`, { what: tree, signal });
  const made = join(directory, 'made');
  await rm(made, { recursive: true, force: true });
  await mkdir(made);
  await makeAll(workspace, plan, tree, join(directory, 'build'), made);
  const keep = async (to: string) => {
    for (const name of await readdir(made)) await rename(join(made, name), join(to, name));
  };
  const inputs = { tree, made: await hashTree(made) };
  return { ...(await cache.get('kernel', inputs, keep, { signal })), hit: false };
}

async function build(workspace: Workspace, plan: Plan, directory: string) {
  const { source, series, flavour } = plan.request;
  const { signal } = workspace;
  const trees = workTreeRoot(workspace.cache.root, source);
  const onWait = () => plan.progress.say('another run builds in this work tree; waiting for it');
  const file = join(trees, `${series.name}.lock`);
  await using _ = await lock(file, { what: `the work tree of ${series.name}`, signal, onWait });
  plan.progress.say('prepare the source');
  const tree = await workTree(trees, source, series, signal);
  const output = join(tree, buildDirectoryName(flavour, plan.request.fragments));
  const isNew = !(await exists(output));
  await seedObjects(join(tree, buildDirectoryName(flavour)), output, signal);
  try {
    await makeAll(workspace, plan, tree, output, directory);
  } catch (error) {
    // Nobody asks again for options that do not survive.
    if (isNew && error instanceof MismatchError) await rm(output, { recursive: true, force: true });
    throw error;
  }
}

async function makeAll(
  { root, crossCompile, signal }: Workspace,
  { request, fragments, progress }: Plan,
  tree: string,
  output: string,
  directory: string,
) {
  const onLine = (line: string) => {
    const object = BUILD_STEP.exec(line)?.[1];
    if (object) progress.step(object);
  };
  const settings = coverageSettings(request.counted);
  const kernel: KernelBuild = { tree, output, fragments, crossCompile, settings, onLine, signal };
  progress.say('configure');
  await configure(kernel);
  await compile(kernel);
  const modules = [];
  for (const module of MODULES) modules.push(await compileOurs(kernel, root, module));
  await copyFile(join(output, 'arch/arm64/boot', IMAGE), join(directory, IMAGE));
  await copyFile(join(output, 'vmlinux'), join(directory, 'vmlinux'));
  await copyFile(join(output, '.config'), join(directory, 'kernel.config'));
  await copyNotes(output, directory, request.counted);
  await copyGdbScripts(output, directory);
  for (const module of modules) await copyFile(module, join(directory, basename(module)));
}

/** Where an artifact has what gcov needs. */
const NOTES = 'gcov';

async function copyNotes(output: string, directory: string, counted: readonly string[]) {
  for (const source of counted) {
    const to = join(directory, NOTES, notesFile(source));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(join(output, notesFile(source)), to);
  }
}

/** Builds a copy of a module's sources beside the kernel's objects: the checkout stays clean. */
async function compileOurs(
  kernel: KernelBuild,
  root: string,
  { directory: from, name }: (typeof MODULES)[number],
): Promise<string> {
  const directory = join(kernel.output, from);
  for (const file of [`${name}.c`, 'Kbuild']) {
    await replaceIfDifferent(join(root, 'kernel', from, file), join(directory, file));
  }
  const registers = join(root, 'qemu/dma-testdev');
  await compileModule(kernel, directory, [`DMA_TESTDEV_INCLUDE=${registers}`]);
  return join(directory, `${name}.ko`);
}

async function describe(
  { directory, hit, files }: Obtained,
  { source, flavour, counted, series: applied }: KernelRequest,
  series: SeriesPart[],
  compiler: string,
): Promise<KernelArtifact> {
  const [image, config] = [join(directory, IMAGE), join(directory, 'kernel.config')];
  const configSha256 = createHash('sha256')
    .update(await readFile(config))
    .digest('hex');
  const imageSha256 = files?.[IMAGE] ?? (await hashFile(image));
  return {
    ...{ image, config, source, flavour, series, configSha256, imageSha256, compiler, hit },
    notes: new Map(counted.map((file) => [file, join(directory, NOTES, notesFile(file))])),
    sources: { source, applied, series },
    sourceDirectory: source.directory,
    vmlinux: join(directory, 'vmlinux'),
    driver: join(directory, 'dma_testdev.ko'),
    selftest: join(directory, 'pinlab_selftest.ko'),
  };
}

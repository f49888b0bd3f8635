// SPDX-License-Identifier: MIT
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type CacheInputs, cacheKey } from '../host/cache.ts';
import { hashFile, listFiles } from '../host/hash.ts';
import { lock } from '../host/lock.ts';
import {
  applySeries,
  linkTree,
  type Series,
  type SeriesPart,
  seriesParts,
} from '../host/overlay.ts';
import { exists } from '../host/paths.ts';
import { compilerVersion } from '../host/tools.ts';
import { compileQemu, configureQemu, NINJA_STEP, type QemuBuild } from '../qemu/build.ts';
import { type QemuSource, qemuSource } from '../qemu/source.ts';
import { type StageProgress, stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** A QEMU with the SMMU and the device that the tests need. */
export interface QemuArtifact {
  binary: string;
  version: string;
  patches: SeriesPart[];
  sha256: string;
  hit: boolean;
}

const BINARY = 'qemu-system-aarch64';

/** Builds QEMU, or finds it built. */
export function buildQemu(workspace: Workspace): Promise<QemuArtifact> {
  return stage(workspace, 'qemu', 'QEMU with the SMMUv3 series', async (progress) => {
    const plan = await planBuild(workspace);
    const entry = await obtain(workspace, 'qemu', plan, [BINARY], progress);
    const binary = join(entry.directory, BINARY);
    return {
      binary,
      version: plan.source.version,
      patches: plan.patches,
      sha256: entry.files[BINARY] ?? (await hashFile(binary)),
      hit: entry.hit,
    };
  });
}

/** QEMU's own tests of what the series adds, as programs that speak TAP. */
export interface QtestsArtifact {
  /** Full paths. */
  programs: string[];
  hit: boolean;
}

/** Builds the qtests of the SMMU and the device, or finds them built. */
export function buildQtests(workspace: Workspace): Promise<QtestsArtifact> {
  return stage(workspace, 'qtests', 'qtests of the SMMUv3 series', async (progress) => {
    const names = (await readdir(join(workspace.root, 'qemu/tests')))
      .filter((name) => name.endsWith('-test.c'))
      .map((name) => basename(name, '.c'))
      .sort();
    const targets = names.map((name) => join('tests/qtest', name));
    const plan = await planBuild(workspace);
    const entry = await obtain(workspace, 'qtests', plan, targets, progress);
    return { programs: names.map((name) => join(entry.directory, name)), hit: entry.hit };
  });
}

interface Plan {
  source: QemuSource;
  series: Series;
  patches: SeriesPart[];
  inputs: CacheInputs;
}

async function planBuild({ cache, openApt, signal, root }: Workspace): Promise<Plan> {
  const source = await qemuSource(cache, openApt, { signal });
  const series = await qemuSeries(root);
  const patches = await seriesParts(series);
  const inputs = {
    source: source.version,
    patches: JSON.stringify(patches),
    configure: await readFile(join(root, 'qemu/configure.args'), 'utf8'),
    devices: await readFile(join(root, 'qemu/devices.mak'), 'utf8'),
    compiler: await compilerVersion('gcc', signal),
  };
  return { source, series, patches, inputs };
}

/** The artifact that holds `targets`, which ninja knows by their paths. */
function obtain(
  workspace: Workspace,
  kind: string,
  plan: Plan,
  targets: readonly string[],
  progress: StageProgress,
) {
  const onWait = () => progress.say('another run builds the same; waiting for it');
  const onDamage = () => progress.say('the cached one is damaged; it is built again');
  const make = (directory: string) => build(workspace, plan, targets, directory, progress);
  const { signal } = workspace;
  return workspace.cache.get(kind, plan.inputs, make, { signal, onWait, onDamage });
}

/** The device model, the qtests, and the patches in the order of their names. */
async function qemuSeries(root: string): Promise<Series> {
  const patches = await listFiles(join(root, 'qemu/patches'));
  return {
    name: 'pinlab',
    newFiles: [
      { from: join(root, 'qemu/dma-testdev'), to: 'hw/misc/dma-testdev' },
      { from: join(root, 'qemu/tests'), to: 'tests/qtest' },
    ],
    patches: patches.filter((file) => file.endsWith('.patch')),
  };
}

async function build(
  { cache, root, signal }: Workspace,
  { source, series }: Plan,
  targets: readonly string[],
  directory: string,
  { say }: StageProgress,
) {
  const work = join(cache.root, 'qemu-work', cacheKey({ version: source.version }));
  const waiting = () => say('another run builds QEMU; waiting for it');
  await using _ = await lock(`${work}.lock`, { what: 'QEMU work tree', signal, onWait: waiting });
  const tree = join(work, 'src');
  if (!(await exists(tree))) await linkTree(source.directory, tree, signal);
  await applySeries(source.directory, tree, series, signal);
  const qemu: QemuBuild = {
    tree,
    output: join(work, 'build'),
    source,
    devices: join(root, 'qemu/devices.mak'),
    configureArgs: await readFile(join(root, 'qemu/configure.args'), 'utf8'),
    onLine: (line) => sayNinja(line, say),
    signal,
  };
  say('configure');
  await configureQemu(qemu);
  await compileQemu(qemu, targets);
  for (const target of targets) {
    await copyFile(join(qemu.output, target), join(directory, basename(target)));
  }
}

function sayNinja(line: string, say: StageProgress['say']) {
  const [, done, all, text] = NINJA_STEP.exec(line) ?? [];
  if (text) say(text, Number(done) / Number(all));
}

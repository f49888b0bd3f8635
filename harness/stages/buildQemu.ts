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
/** The name of the series with everything in it. */
const OURS = 'pinlab';

/** Builds QEMU, or finds it built. */
export function buildQemu(workspace: Workspace): Promise<QemuArtifact> {
  return stage(workspace, 'qemu', 'QEMU with the SMMUv3 series', async (progress) => {
    const plan = await planBuild(workspace, await qemuSeries(workspace.root));
    return obtainBinary(workspace, 'qemu', plan, progress);
  });
}

/**
 * Builds what the series is compared with: the same source, options and devices, and of the patches
 * only those without which it does not build, so that it has no test device.
 */
export function buildStockQemu(workspace: Workspace): Promise<QemuArtifact> {
  return stage(workspace, 'qemu-stock', 'QEMU as it is', async (progress) => {
    const plan = await planBuild(workspace, await stockSeries(workspace.root));
    return obtainBinary(workspace, 'qemu-stock', plan, progress);
  });
}

async function obtainBinary(
  workspace: Workspace,
  kind: string,
  plan: Plan,
  progress: StageProgress,
): Promise<QemuArtifact> {
  const entry = await obtain(workspace, kind, plan, [BINARY], progress);
  const binary = join(entry.directory, BINARY);
  return {
    binary,
    version: plan.source.version,
    patches: plan.patches,
    sha256: entry.files[BINARY] ?? (await hashFile(binary)),
    hit: entry.hit,
  };
}

/** QEMU's own tests of what the series adds, as programs that speak TAP. */
export interface QtestsArtifact {
  /** Full paths. */
  programs: string[];
  hit: boolean;
}

/**
 * QEMU's existing tests that touch the virt machine, its SMMU or PCI and can run with the devices
 * that we build; `docs/testing.md` says which cannot, and why.
 */
const UPSTREAM_QTESTS = [
  'arm-cpu-features',
  'boot-serial-test',
  'device-introspect-test',
  'machine-none-test',
  'migration-test',
  'netdev-socket',
  'numa-test',
  'qmp-cmd-test',
  'qmp-test',
  'qom-test',
  'qos-test',
  'readconfig-test',
  'test-hmp',
] as const;

/** Builds QEMU's own tests and those of the SMMU and the device, or finds them built. */
export function buildQtests(workspace: Workspace): Promise<QtestsArtifact> {
  return stage(workspace, 'qtests', 'qtests', async (progress) => {
    const ours = (await readdir(join(workspace.root, 'qemu/tests')))
      .filter((name) => name.endsWith('-test.c'))
      .map((name) => basename(name, '.c'));
    const names = [...ours, ...UPSTREAM_QTESTS].sort();
    const targets = names.map((name) => join('tests/qtest', name));
    const built = await planBuild(workspace, await qemuSeries(workspace.root));
    const plan = { ...built, inputs: { ...built.inputs, targets: targets.join('\n') } };
    const entry = await obtain(workspace, 'qtests', plan, targets, progress);
    return { programs: names.map((name) => join(entry.directory, name)), hit: entry.hit };
  });
}

interface Plan {
  source: QemuSource;
  series: Series;
  patches: SeriesPart[];
  inputs: CacheInputs & Record<'configure' | 'devices', string>;
}

async function planBuild(
  { cache, openApt, compilerVersion, signal, root }: Workspace,
  series: Series,
): Promise<Plan> {
  const source = await qemuSource(cache, openApt, { signal });
  const patches = await seriesParts(series);
  const inputs = {
    source: source.version,
    patches: JSON.stringify(patches),
    configure: await readFile(join(root, 'qemu/configure.args'), 'utf8'),
    devices: await deviceList(root, series),
    compiler: await compilerVersion('gcc'),
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
  const onDamage = () => progress.note('the cached one is damaged; it is built again');
  const make = (directory: string) => build(workspace, plan, targets, directory, progress);
  const { signal } = workspace;
  return workspace.cache.get(kind, plan.inputs, make, { signal, onWait, onDamage });
}

/** The device model, the qtests, and the patches in the order of their names. */
export async function qemuSeries(root: string): Promise<Series> {
  const patches = await listFiles(join(root, 'qemu/patches'));
  return {
    name: OURS,
    newFiles: [
      { from: join(root, 'qemu/dma-testdev'), to: 'hw/misc/dma-testdev' },
      { from: join(root, 'qemu/tests'), to: 'tests/qtest' },
    ],
    patches: patches.filter((file) => file.endsWith('.patch')),
  };
}

/** The patches that QEMU needs to build at all with what Debian's source holds. */
const BUILD_FIXES = ['0001-', '0002-'];

async function stockSeries(root: string): Promise<Series> {
  const { patches } = await qemuSeries(root);
  const isFix = (file: string) => BUILD_FIXES.some((number) => basename(file).startsWith(number));
  return { name: 'stock', newFiles: [], patches: patches.filter(isFix) };
}

/** The device list, without the device that `series` does not bring along. */
async function deviceList(root: string, { newFiles }: Series): Promise<string> {
  const text = await readFile(join(root, 'qemu/devices.mak'), 'utf8');
  return newFiles.length > 0 ? text : text.replace('CONFIG_DMA_TESTDEV=y\n', '');
}

/** Each series has a work tree of its own, so that neither rebuilds what the other has changed. */
function workTreeName({ version }: QemuSource, { name }: Series): string {
  return cacheKey(name === OURS ? { version } : { version, series: name });
}

async function build(
  { cache, signal }: Workspace,
  { source, series, inputs }: Plan,
  targets: readonly string[],
  directory: string,
  { say }: StageProgress,
) {
  const work = join(cache.root, 'qemu-work', workTreeName(source, series));
  const waiting = () => say('another run builds QEMU; waiting for it');
  await using _ = await lock(`${work}.lock`, { what: 'QEMU work tree', signal, onWait: waiting });
  const tree = join(work, 'src');
  if (!(await exists(tree))) await linkTree(source.directory, tree, signal);
  await applySeries(source.directory, tree, series, signal);
  const qemu: QemuBuild = {
    tree,
    output: join(work, 'build'),
    source,
    devices: inputs.devices,
    configureArgs: inputs.configure,
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

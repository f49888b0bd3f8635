// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { CacheInputs } from '../../host/cache.ts';
import {
  applySeries,
  linkTree,
  type Series,
  type SeriesPart,
  seriesParts,
  touchedFiles,
} from '../../host/overlay.ts';
import { type Finished, run, tryRun } from '../../host/spawn.ts';
import { compilerVersion } from '../../host/tools.ts';
import { configureQemu, type QemuBuild } from '../../qemu/build.ts';
import { type QemuSource, qemuSource } from '../../qemu/source.ts';
import { qemuSeries } from '../../stages/buildQemu.ts';
import { workspace } from '../e2e/machine.ts';
import { hashesOf } from './provenBuild.ts';

const { cache, openApt, root, signal } = workspace;
/** The patch that makes the test device known to Kconfig. */
const DEVICE = 'hw-misc-build-the-DMA-test-device';

/** QEMU's series on a tree of its own, into which the patches are put one after the other. */
export class QemuTree implements AsyncDisposable {
  readonly patches: readonly string[];
  readonly tree: string;
  readonly #scratch: string;
  readonly #source: QemuSource;
  readonly #series: Series;

  private constructor(scratch: string, source: QemuSource, series: Series) {
    this.#scratch = scratch;
    this.#source = source;
    this.#series = series;
    this.patches = series.patches;
    this.tree = join(scratch, 'tree');
  }

  /** A tree without any patch yet, beside the source so that it can be made of links. */
  static async open(purpose: string): Promise<QemuTree> {
    const source = await qemuSource(cache, openApt, { signal });
    const scratch = join(cache.root, `qemu-series-${purpose}`);
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    const opened = new QemuTree(scratch, source, await qemuSeries(root));
    await linkTree(source.directory, opened.tree);
    return opened;
  }

  /** Makes the tree what it is after the first `count` patches. */
  async applyFirst(count: number) {
    const patches = this.patches.slice(0, count);
    await applySeries(this.#source.directory, this.tree, { ...this.#series, patches }, signal);
  }

  /** What a build of the first `count` patches depends on. */
  async inputs(count: number): Promise<CacheInputs> {
    return {
      source: this.#source.version,
      device: JSON.stringify(this.#knowsDevice(count) ? await this.#deviceParts() : []),
      patches: await hashesOf(this.patches.slice(0, count)),
      devices: await readFile(join(root, 'qemu/devices.mak'), 'utf8'),
      configure: await configureArgs(),
      compiler: await compilerVersion('gcc', signal),
    };
  }

  /** Configures what the first `count` patches offer. */
  async configure(count: number): Promise<void> {
    const devices = await readFile(join(root, 'qemu/devices.mak'), 'utf8');
    const build: QemuBuild = {
      ...{ tree: this.tree, output: this.#output, source: this.#source, signal },
      devices: this.#knowsDevice(count) ? devices : devices.replace('CONFIG_DMA_TESTDEV=y\n', ''),
      configureArgs: await configureArgs(),
    };
    await configureQemu(build);
  }

  /** Builds `targets`. */
  ninja(...targets: string[]): Promise<Finished> {
    const args = [`-j${availableParallelism()}`, ...targets];
    return tryRun('ninja', args, { what: 'ninja', cwd: this.#output, env: this.#env, signal });
  }

  /** The objects of the sources that any patch changes and this configuration compiles. */
  async objects(): Promise<string[]> {
    const texts = await Promise.all(this.patches.map((file) => readFile(file, 'utf8')));
    const sources = [...new Set(texts.flatMap(touchedFiles))].filter((file) => file.endsWith('.c'));
    const endings = sources.map((file) => `.p/${file.replaceAll('/', '_')}.o`);
    const listing = { what: 'list the objects', cwd: this.#output, env: this.#env, signal };
    const { stdout } = await run('ninja', ['-t', 'targets', 'all'], listing);
    const targets = stdout.split('\n').map((line) => line.split(':')[0] ?? '');
    return targets.filter((target) => endings.some((ending) => target.endsWith(ending)));
  }

  /** The C files that are not patches, by their place in the tree. */
  async newFiles(): Promise<string[]> {
    const names = (await seriesParts(this.#series)).map(({ name }) => name);
    return names.filter((name) => /\.[ch]$/.test(name));
  }

  /** QEMU's checkpatch, whose findings are its output. */
  checkpatch(...args: string[]): Promise<Finished> {
    const words = ['scripts/checkpatch.pl', '--no-tree', '-q', ...args];
    return tryRun('perl', words, { what: 'checkpatch', cwd: this.tree, signal });
  }

  async [Symbol.asyncDispose]() {
    await rm(this.#scratch, { recursive: true, force: true });
  }

  /** Whether the first `count` patches build the test device. */
  #knowsDevice(count: number): boolean {
    return this.patches.slice(0, count).some((patch) => basename(patch).includes(DEVICE));
  }

  /** The device's own sources: what the tests are made of is not part of the emulator. */
  async #deviceParts(): Promise<SeriesPart[]> {
    const parts = await seriesParts({ ...this.#series, patches: [] });
    return parts.filter(({ name }) => name.startsWith('hw/'));
  }

  get #output(): string {
    return join(this.#scratch, 'build');
  }

  get #env() {
    return { PYTHONPATH: join(this.#source.meson, 'usr/lib/python3/dist-packages') };
  }
}

/** As pinlab configures it, but a warning is an error, as in QEMU's own CI. */
async function configureArgs(): Promise<string> {
  const args = await readFile(join(root, 'qemu/configure.args'), 'utf8');
  return `${args.trimEnd()}\n--enable-werror\n`;
}

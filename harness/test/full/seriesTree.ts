// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { CacheInputs } from '../../host/cache.ts';
import { applySeries, linkTree, touchedFiles } from '../../host/overlay.ts';
import { exists } from '../../host/paths.ts';
import { type Finished, run, tryRun } from '../../host/spawn.ts';
import { compilerVersion } from '../../host/tools.ts';
import type { KernelSource } from '../../kernel/source.ts';
import { writeSeries } from '../../stages/writeSeries.ts';
import { ROOT } from '../e2e/pinlab.ts';
import { ownKernel, ownWorkspace } from '../e2e/pristine.ts';
import { hashesOf } from '../e2e/provenBuild.ts';

/** What make is told for one architecture. */
export interface Architecture {
  arch: string;
  crossCompile: string;
  fragments: string;
}

/** The sources of the series that an architecture compiles: the SMMU is a device of arm64. */
const OBJECTS: Readonly<Record<string, RegExp>> = {
  arm64: /^(?:mm|kernel|drivers)\/.*\.c$/,
  x86_64: /^(?:mm|kernel)\/.*\.c$/,
};

/** The mails of the series on a tree of its own, into which they are put one after the other. */
export class SeriesTree implements AsyncDisposable {
  /** Without the cover letter, in order. */
  readonly mails: readonly string[];
  readonly letter: string;
  readonly tree: string;
  readonly source: KernelSource;
  readonly #scratch: string;

  private constructor(scratch: string, source: KernelSource, mails: readonly string[]) {
    const [letter = '', ...patches] = mails;
    this.#scratch = scratch;
    this.tree = join(scratch, 'tree');
    this.letter = letter;
    this.mails = patches;
    this.source = source;
  }

  /** A tree of `base` without any patch yet, beside the source so that it can be made of links. */
  static async open(base: string, purpose: string): Promise<SeriesTree> {
    const workspace = ownWorkspace();
    const { source } = await ownKernel(base);
    const scratch = join(workspace.cache.root, `series-${purpose}-${base}`);
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    const mails = await writeSeries(workspace, source, join(scratch, 'mails'));
    const opened = new SeriesTree(scratch, source, mails);
    await linkTree(source.directory, opened.tree);
    return opened;
  }

  /** Makes the tree what it is after the first `count` mails. */
  async applyFirst(count: number) {
    const patches = this.mails.slice(0, count);
    await applySeries(this.source.directory, this.tree, { name: 'mails', newFiles: [], patches });
  }

  /** What a build of the first `count` mails for `architectures` depends on. */
  async inputs(count: number, architectures: readonly Architecture[]): Promise<CacheInputs> {
    const compilers = await Promise.all(
      architectures.map(({ crossCompile }) => compilerVersion(`${crossCompile}gcc`)),
    );
    return {
      source: this.source.version,
      patches: await hashesOf(this.mails.slice(0, count)),
      architectures: JSON.stringify(architectures),
      compilers: compilers.join(),
    };
  }

  /** The objects that the series changes on `architecture`, as make calls them. */
  async objects({ arch }: Architecture): Promise<string[]> {
    const texts = await Promise.all(this.mails.map((file) => readFile(file, 'utf8')));
    const touched = new Set(texts.flatMap(touchedFiles));
    const compiled = [...touched].filter((file) => OBJECTS[arch]?.test(file));
    return compiled.map((file) => file.replace(/\.c$/, '.o')).sort();
  }

  /** Those of `objects` that `architecture` was not configured to have. */
  async missing({ arch }: Architecture, objects: readonly string[]): Promise<string[]> {
    const there = await Promise.all(
      objects.map((object) => exists(join(this.tree, `build-${arch}`, object))),
    );
    return objects.filter((_, index) => !there[index]);
  }

  /** The tables of system calls that the kernel is built from, tools' copies left out. */
  async tables(): Promise<string[]> {
    const all = await readdir(this.tree, { recursive: true });
    return all.filter((file) => /^(?:arch|scripts)\/.*syscall(?:_\w+)?\.tbl$/.test(file)).sort();
  }

  /** Runs make for `architecture` with its own output directory. */
  async make({ arch, crossCompile }: Architecture, ...args: string[]): Promise<Finished> {
    const output = join(this.tree, `build-${arch}`);
    const settings = [`O=${output}`, `ARCH=${arch}`, `CROSS_COMPILE=${crossCompile}`];
    const all = ['-C', this.tree, ...settings, `-j${availableParallelism()}`, ...args];
    return tryRun('make', all, { what: `make ${args.join(' ')}` });
  }

  /** Configures `architecture`; options that the tree does not have yet are left out. */
  async configure(architecture: Architecture) {
    const { arch, crossCompile, fragments } = architecture;
    const output = join(this.tree, `build-${arch}`);
    await mkdir(output, { recursive: true });
    const fragment = join(output, 'fragments.config');
    await writeFile(fragment, fragments);
    const settings = [`O=${output}`, `ARCH=${arch}`, `CROSS_COMPILE=${crossCompile}`];
    await run('make', ['-C', this.tree, ...settings, 'allnoconfig'], {
      what: `configure ${arch}`,
      env: { KCONFIG_ALLCONFIG: fragment },
    });
  }

  async [Symbol.asyncDispose]() {
    await rm(this.#scratch, { recursive: true, force: true });
  }
}

/** What builds the series for arm64, as make calls it. */
export function arm64(): Promise<Architecture> {
  const crossCompile = process.arch === 'arm64' ? '' : 'aarch64-linux-gnu-';
  return architecture('arm64', crossCompile, 'series-arm64');
}

/** A second architecture. */
export function x86(): Promise<Architecture> {
  const crossCompile = process.arch === 'x64' ? '' : 'x86_64-linux-gnu-';
  return architecture('x86_64', crossCompile, 'series-x86');
}

async function architecture(
  arch: string,
  crossCompile: string,
  own: string,
): Promise<Architecture> {
  const files = ['series', own].map((name) => join(ROOT, 'kernel/configs', `${name}.config`));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return { arch, crossCompile, fragments: texts.join('\n') };
}

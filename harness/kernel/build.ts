// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BuildError, MismatchError } from '../errors.ts';
import { BUILD_ENVIRONMENT } from '../host/buildEnvironment.ts';
import { exists } from '../host/paths.ts';
import { commandLine, run, type SpawnOptions, tryRun } from '../host/spawn.ts';
import { droppedOptions, parseConfig } from './config.ts';
import { hasGdbScripts } from './gdbScripts.ts';
import { explainDropped, hashKconfig, readKconfig } from './kconfig.ts';

/** One configured kernel: where its sources are and where its objects go. */
export interface KernelBuild {
  tree: string;
  output: string;
  /** The option fragments, joined. */
  fragments: string;
  /** The prefix of the compiler for the guest; empty on an arm64 host. */
  crossCompile: string;
  /** Further variables for make. */
  settings?: readonly string[];
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Where the objects of a flavour with `further` options go: inside the tree, so that make and the
 * compiler use short relative paths. To change the options of a directory would rebuild all in it.
 */
export function buildDirectoryName(flavour: string, further: readonly string[] = []): string {
  if (further.length === 0) return `build-${flavour}`;
  const hash = createHash('sha256').update(further.join('\n')).digest('hex');
  return `build-${flavour}-${hash.slice(0, 8)}`;
}

/** Equal inputs must give equal bytes: make's environment. */
export const REPRODUCIBLE = {
  KBUILD_BUILD_TIMESTAMP: '1970-01-01',
  KBUILD_BUILD_USER: 'pinlab',
  KBUILD_BUILD_HOST: 'pinlab',
  KBUILD_BUILD_VERSION: '1',
};

/**
 * What Kconfig looks for on the host and records in .config, used or not, and the options that use
 * it: without them a host that has the tool would build another kernel than one that lacks it.
 */
const RECORDED_TOOLS = [
  { variable: 'RUSTC', usedBy: 'RUST' },
  { variable: 'PAHOLE', usedBy: 'DEBUG_INFO_BTF' },
];

/** The settings for make that hide the host's tools which no option of `fragments` asks for. */
export function hiddenTools(fragments: string): string[] {
  const options = parseConfig(fragments);
  return RECORDED_TOOLS.filter(({ usedBy }) => options.get(usedBy) !== 'y').map(
    ({ variable }) => `${variable}=false`,
  );
}

/**
 * Gives `output` the objects of `from` to begin with, if it has none: make rebuilds what the other
 * options concern, which is little beside everything. The caller holds the tree's lock.
 */
export async function seedObjects(from: string, output: string, signal?: AbortSignal) {
  if (from === output || (await exists(output)) || !(await exists(join(from, 'vmlinux')))) return;
  const partial = `${output}.partial`;
  await rm(partial, { recursive: true, force: true });
  await run('cp', ['--archive', from, partial], { what: 'copy the objects', signal });
  await rename(partial, output);
}

/** Beside `.config`: what it was made from. */
const STAMP = '.pinlab-config';

/** Configures from the fragments; an option that was requested and did not survive is an error. */
export async function configure(build: KernelBuild): Promise<void> {
  const stamp = join(build.output, STAMP);
  const hash = configurationHash(build);
  const before = await readFile(stamp, 'utf8').catch(() => undefined);
  if (before === hash) return;
  await mkdir(build.output, { recursive: true });
  const fragment = join(build.output, 'pinlab.config');
  await writeFile(fragment, build.fragments);
  // Beside the one in force: what is refused must not reach a later build.
  const candidate = join(build.output, '.config.candidate');
  const env = { KCONFIG_ALLCONFIG: fragment, KCONFIG_CONFIG: candidate };
  await make(build, ['allnoconfig'], 'configure the kernel', env);
  await checkContract(build, candidate);
  await rm(stamp, { force: true });
  await rename(candidate, join(build.output, '.config'));
  await writeFile(stamp, hash);
}

/** Builds the image and everything that an external module needs. */
export async function compile(build: KernelBuild): Promise<void> {
  const scripts = (await hasGdbScripts(build.output)) ? ['scripts_gdb'] : [];
  const targets = [...(build.settings ?? []), 'Image', 'modules', ...scripts];
  await make(build, [...targets, `-j${availableParallelism()}`], 'build the kernel');
  await checkCompiled(build);
}

/** make configures by itself where it sees reason to, as with another compiler, and drops what no longer fits. */
async function checkCompiled(build: KernelBuild) {
  try {
    await checkContract(build, join(build.output, '.config'));
  } catch (error) {
    // The next build must not take it for its own.
    await rm(join(build.output, STAMP), { force: true });
    throw error;
  }
}

/** The directory's steps that make prints: `  CC      mm/gup.o`. */
export const BUILD_STEP = /^\s{2}[A-Z]\S*\s+(?:\[M\]\s+)?(\S+)/;

/** Runs make in the tree of `build`. */
export async function make(
  build: KernelBuild,
  targets: string[],
  what: string,
  env: Record<string, string> = {},
) {
  const args = [
    ...['-C', build.tree, `O=${build.output}`, 'ARCH=arm64', `CROSS_COMPILE=${build.crossCompile}`],
    ...hiddenTools(build.fragments),
    ...targets,
  ];
  const options: SpawnOptions = {
    what,
    env: { ...BUILD_ENVIRONMENT, ...REPRODUCIBLE, ...env },
    onLine: build.onLine,
    signal: build.signal,
  };
  const finished = await tryRun('make', args, options);
  if (finished.code === 0) return;
  throw new BuildError(`${what}: make exited with ${finished.code ?? finished.signal}`, {
    command: commandLine('make', args),
    output: firstErrors(finished.stdout, finished.stderr) || finished.tail,
    hint: 'the first error above is the one to mend',
  });
}

/** Under -j the last lines rarely explain: the compiler's complaint came earlier. */
function firstErrors(...streams: string[]): string {
  const lines = streams.flatMap((stream) => stream.split('\n'));
  return lines
    .filter((line) =>
      /\b(error|undefined reference|No rule to make|No space left on device|\*\*\*)\b/.test(line),
    )
    .slice(0, 12)
    .join('\n');
}

async function checkContract(build: KernelBuild, config: string) {
  const final = parseConfig(await readFile(config, 'utf8'));
  const dropped = droppedOptions(parseConfig(build.fragments), final);
  if (dropped.length === 0) return;
  const kconfig = readKconfig(build.tree, 'arm64');
  const list = dropped.map((option) => explainDropped(kconfig, final, option)).join('\n');
  throw new MismatchError(`${dropped.length} requested kernel option(s) did not survive`, {
    output: list,
    hint: 'request what they depend on in kernel/configs/, or do not request them',
  });
}

/** Configuring again is needed when the fragments or any Kconfig file differ: a developer's tree may be at another commit. */
function configurationHash({ tree, fragments }: KernelBuild): string {
  return createHash('sha256').update(fragments).update(hashKconfig(tree, 'arm64')).digest('hex');
}

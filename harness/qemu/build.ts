// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BuildError } from '../errors.ts';
import { BUILD_ENVIRONMENT } from '../host/buildEnvironment.ts';
import { commandLine, type SpawnOptions, tryRun } from '../host/spawn.ts';
import type { QemuSource } from './source.ts';

/** One configured QEMU: where its sources are and where its objects go. */
export interface QemuBuild {
  /** The patched tree. */
  tree: string;
  output: string;
  source: QemuSource;
  /** The device list: the text of a Kconfig fragment of QEMU's. */
  devices: string;
  /** Arguments for configure, one a line; `#` starts a comment. */
  configureArgs: string;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/** The name under which the tree holds our device list; `configure.args` says it too. */
const DEVICES = 'pinlab';

/** Configures once for each set of arguments and devices. */
export async function configureQemu(build: QemuBuild): Promise<void> {
  const stamp = join(build.output, '.pinlab-configured');
  const args = parseArgs(build.configureArgs);
  const wanted = JSON.stringify([args, build.devices]);
  const before = await readFile(stamp, 'utf8').catch(() => undefined);
  if (before === wanted) return;
  const list = join(build.tree, 'configs/devices/aarch64-softmmu', `${DEVICES}.mak`);
  await writeFile(list, build.devices);
  await mkdir(build.output, { recursive: true });
  await step(
    join(build.tree, 'configure'),
    ['--python=/usr/bin/python3', ...args],
    'configure QEMU',
    build,
  );
  await writeFile(stamp, wanted);
}

/** Builds `targets`, such as `qemu-system-aarch64`. */
export async function compileQemu(build: QemuBuild, targets: readonly string[]): Promise<void> {
  const args = [`-j${availableParallelism()}`, ...targets];
  await step('ninja', args, 'build QEMU', build);
}

/** The steps that ninja prints: `[12/1480] Compiling C object …`. */
export const NINJA_STEP = /^\[(\d+)\/(\d+)\] (.*)$/;

function parseArgs(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

async function step(command: string, args: string[], what: string, build: QemuBuild) {
  const meson = join(build.source.meson, 'usr/lib/python3/dist-packages');
  const options: SpawnOptions = {
    what,
    cwd: build.output,
    env: { ...BUILD_ENVIRONMENT, PYTHONPATH: meson },
    onLine: build.onLine,
    signal: build.signal,
  };
  const finished = await tryRun(command, args, options);
  if (finished.code === 0) return;
  throw new BuildError(`${what}: exited with ${finished.code ?? finished.signal}`, {
    command: `cd ${build.output} && PYTHONPATH=${meson} ${commandLine(command, args)}`,
    output: finished.tail,
  });
}

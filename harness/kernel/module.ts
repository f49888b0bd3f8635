// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type KernelBuild, make } from './build.ts';

/**
 * Builds the external module whose sources are in `directory`, into the same directory. After an
 * edit of the kernel that changes nothing it depends on, it is left as it is: make alone takes
 * most of a second to find that out.
 */
export async function compileModule(
  build: KernelBuild,
  directory: string,
  settings: readonly string[],
): Promise<void> {
  const stamp = join(directory, '.pinlab-inputs');
  const before = await readFile(stamp, 'utf8').catch(() => undefined);
  if (before !== undefined && before === (await inputs(build, directory, settings))) return;
  await rm(stamp, { force: true });
  await make(build, [`M=${directory}`, ...settings, 'modules'], 'build the driver');
  await writeFile(stamp, await inputs(build, directory, settings));
}

/** A hash over everything that kbuild says went into the module's objects, and what links them. */
async function inputs({ output }: KernelBuild, directory: string, settings: readonly string[]) {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.o.cmd'));
  const commands = names.map((name) => readFile(join(directory, name), 'utf8'));
  const dependencies = (await Promise.all(commands)).flatMap(dependenciesOf);
  const files = [
    ...dependencies.map((file) => resolve(output, file)),
    join(directory, 'Kbuild'),
    join(output, 'scripts/module.lds'),
  ];
  const stamps = await Promise.all([...new Set(files)].sort().map(describe));
  // Rewritten with every kernel; only what it says matters.
  const symbols = await readFile(join(output, 'Module.symvers'));
  return createHash('sha256')
    .update([...settings, ...stamps].join('\n'))
    .update(symbols)
    .digest('hex');
}

/**
 * The files that the object of a kbuild `.cmd` file was made of: the value of its `source_` variable
 * and those of its `deps_` variable, a file of include/config/ for each option among them.
 */
export function dependenciesOf(command: string): string[] {
  const source = /^source_\S+ := (\S+)$/m.exec(command)?.[1];
  const list = /^deps_\S+ := \\\n((?:.*\\\n)*)/m.exec(command)?.[1] ?? '';
  const files = [...list.matchAll(/^\s+(?:\$\(wildcard (\S+)\)|(\S+)) \\$/gm)];
  const names = files.map(([, option, file]) => option ?? file);
  return [source, ...names].filter((name) => name !== undefined);
}

async function describe(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found ? `${file} ${found.mtimeMs} ${found.size}` : `${file} absent`;
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InfraError } from '../errors.ts';
import { linkage } from './elf.ts';

/** A file of the image, found in an unpacked package. */
export interface Found {
  /** Where the image has it, without a leading slash. */
  path: string;
  data: Buffer;
}

/** Debian 13 has moved everything below usr/; Debian 12 has not. */
const PROGRAM_DIRECTORIES = ['usr/bin', 'bin', 'usr/sbin', 'sbin'];
const LIBRARY_DIRECTORIES = [
  'usr/lib/aarch64-linux-gnu',
  'lib/aarch64-linux-gnu',
  'usr/lib',
  'lib',
];

/** The programs, and with each library once all that they need to run, from the packages unpacked below `root`. */
export async function findPrograms(root: string, names: readonly string[]): Promise<Found[]> {
  const found = new Map<string, Found>();
  for (const name of names) {
    const data = await readFirst(root, PROGRAM_DIRECTORIES, name, 'a program of the guest');
    found.set(name, { path: `bin/${name}`, data });
    await addLibraries(root, data, name, found);
  }
  return [...found.values()];
}

async function addLibraries(root: string, elf: Buffer, name: string, found: Map<string, Found>) {
  const { interpreter, needed } = linkage(elf, name);
  if (interpreter) await addInterpreter(root, interpreter, found);
  for (const library of needed.filter((soname) => !found.has(soname))) {
    const data = await readFirst(root, LIBRARY_DIRECTORIES, library, `needed by ${name}`);
    found.set(library, { path: `lib/${library}`, data });
    await addLibraries(root, data, library, found);
  }
}

/** The kernel opens it by the path that the program names. */
async function addInterpreter(root: string, path: string, found: Map<string, Found>) {
  const soname = basename(path);
  const data = await readFirst(root, LIBRARY_DIRECTORIES, soname, 'the dynamic loader');
  found.set(soname, { path: path.slice(1), data });
}

async function readFirst(root: string, directories: string[], name: string, why: string) {
  for (const directory of directories) {
    const data = await readFile(join(root, directory, name)).catch(ignoreAbsence);
    if (data) return data;
  }
  throw new InfraError(`no package of the image contains ${name} (${why})`, {
    hint: 'add the Debian package that has it to images/packages.txt',
  });
}

function ignoreAbsence(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

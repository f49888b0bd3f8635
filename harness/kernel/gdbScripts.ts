// SPDX-License-Identifier: MIT
import { copyFile, cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from './config.ts';

const ENTRY = 'vmlinux-gdb.py';

/** Whether the kernel configured in `output` brings its own commands for gdb. */
export async function hasGdbScripts(output: string): Promise<boolean> {
  return parseConfig(await readFile(join(output, '.config'), 'utf8')).get('GDB_SCRIPTS') === 'y';
}

/** Copies the kernel's gdb scripts from its build directory to `directory`, beside its vmlinux. */
export async function copyGdbScripts(output: string, directory: string): Promise<void> {
  if (!(await hasGdbScripts(output))) return;
  await copyFile(join(output, ENTRY), join(directory, ENTRY));
  // Links into the source tree, which the next series may change.
  const options = { recursive: true, dereference: true };
  await cp(join(output, 'scripts/gdb'), join(directory, 'scripts/gdb'), options);
}

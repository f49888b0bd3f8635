// SPDX-License-Identifier: MIT
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

interface Host {
  /** The packages that dpkg knows as installed. */
  installed: readonly string[];
  /** Whether the user may become root without a password. */
  sudo: boolean;
  /** By default somebody who is not root. */
  uid?: number;
  /** Whether apt-get finds nothing of what it is to install, as where there is no network. */
  offline?: boolean;
}

const USER = 1000;

/** An update that reaches no server only warns; apt then knows no package. */
const OFFLINE = [`[ "$2" = update ] || { echo 'E: Unable to locate package bc' >&2; exit 100; }`];

/**
 * In place of Debian's tools and of who runs them, until disposed: a dpkg that has some packages, a
 * sudo that may or may not, and an apt-get that writes down what it is asked for, and may fail.
 */
export async function debianTools({ installed, sudo, uid = USER, offline = false }: Host) {
  const directory = await mkdtemp(join(tmpdir(), 'tools-'));
  const record = join(directory, 'asked');
  const known = installed.map((name) => `echo '${name} installed'`);
  const scripts = {
    // One that was removed and left its configuration, and the exit status for names it does not know.
    'dpkg-query': [...known, `echo 'bc config-files'`, 'exit 1'],
    sudo: sudo ? [`echo "sudo $*" >> '${record}'`, 'shift', 'exec "$@"'] : ['exit 1'],
    'apt-get': [`echo "apt-get $* ($DEBIAN_FRONTEND)" >> '${record}'`, ...(offline ? OFFLINE : [])],
  };
  await writeFile(record, '');
  for (const [name, lines] of Object.entries(scripts)) {
    await writeFile(join(directory, name), ['#!/bin/sh', ...lines, ''].join('\n'));
    await chmod(join(directory, name), 0o755);
  }
  const before = { path: process.env.PATH, getuid: process.getuid };
  process.env.PATH = `${directory}${delimiter}${before.path}`;
  process.getuid = () => uid;
  return {
    /** What sudo and apt-get were asked for, in order; sudo's probe is left out. */
    asked: async () =>
      (await readFile(record, 'utf8'))
        .split('\n')
        .filter((line) => !/^$|^sudo -n true$/.test(line)),
    async [Symbol.asyncDispose]() {
      Object.assign(process.env, { PATH: before.path });
      Object.assign(process, { getuid: before.getuid });
      await rm(directory, { recursive: true });
    },
  };
}

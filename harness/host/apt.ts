// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../errors.ts';
import { lock } from './lock.ts';
import { makeDirectory } from './paths.ts';
import { run } from './spawn.ts';

/** Debian's archive key, which every Debian 12 and 13 host carries. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Suites read for packages and sources; `security` names the archive a suite lives in. */
const SUITES = [
  { suite: 'trixie', security: false },
  { suite: 'trixie-backports', security: false },
  { suite: 'trixie-security', security: true },
  // Debian 12's security archive carries 6.12 too, at times a newer point release.
  { suite: 'bookworm-security', security: true },
];

/**
 * Containers turn apt's caches off, and then each look-up parses all lists anew. Given as options
 * because the host's apt.conf.d overrides a private configuration file.
 */
const CACHES = ['-oDir::Cache::pkgcache=pkgcache.bin', '-oDir::Cache::srcpkgcache=srcpkgcache.bin'];

/**
 * A private view of Debian's archive: it uses the repositories this host's apt is configured for,
 * verifies everything with Debian's key, and touches none of the system's own state.
 */
export class Apt {
  readonly #config: string;
  readonly #signal: AbortSignal | undefined;

  private constructor(config: string, signal: AbortSignal | undefined) {
    this.#config = config;
    this.#signal = signal;
  }

  /** Sets up the view below `directory` and fetches fresh package lists. */
  static async open(directory: string, signal?: AbortSignal): Promise<Apt> {
    await using _ = await lock(join(directory, 'lock'), { what: 'the package lists', signal });
    await makeDirectory(join(directory, 'lists/partial'));
    await makeDirectory(join(directory, 'cache/archives/partial'));
    await writeFile(join(directory, 'sources.list'), await sourcesList(signal));
    await writeFile(join(directory, 'apt.conf'), configuration(directory));
    const apt = new Apt(join(directory, 'apt.conf'), signal);
    // Missing suites are only warnings to apt; an unreachable archive must be an error.
    await apt.#run('apt-get', ['update', '-q', '--error-on=any'], 'fetch the package lists');
    return apt;
  }

  /** The newest version of `name` that the archive offers. */
  async version(name: string): Promise<string> {
    const { stdout } = await this.#run(
      'apt-cache',
      ['show', '--no-all-versions', name],
      `look up ${name}`,
    );
    const version = /^Version: (.*)$/m.exec(stdout)?.[1];
    if (!version) throw new InfraError(`Debian's archive offers no package ${name}`);
    return version;
  }

  /** Downloads binary packages (`name`, `name:arch` or `name=version`) into `directory`. */
  async download(names: readonly string[], directory: string): Promise<void> {
    await this.#run(
      'apt-get',
      ['download', '-q', ...names],
      `download ${names.join(' ')}`,
      directory,
    );
  }

  /** Downloads one version of the source package `name` into `directory`, unpacking nothing. */
  async downloadSource(name: string, version: string, directory: string): Promise<void> {
    const args = ['source', '-q', '--download-only', '--only-source', `${name}=${version}`];
    await this.#run('apt-get', args, `download the source of ${name}`, directory);
  }

  async #run(command: string, args: string[], what: string, cwd?: string) {
    const env = { APT_CONFIG: this.#config, LC_ALL: 'C' };
    try {
      return await run(command, [...CACHES, ...args], { what, cwd, env, signal: this.#signal });
    } catch (error) {
      return withArchiveHint(error, `APT_CONFIG=${this.#config} `);
    }
  }
}

/** Throws `error` of a command that fetches packages, with what to do about it; `prefix` goes before the command. */
export function withArchiveHint(error: unknown, prefix = ''): never {
  if (!(error instanceof InfraError)) throw error;
  throw new InfraError(error.message, {
    hint: error.hint ?? `check that this host reaches Debian's archive: apt-get update`,
    command: `${prefix}${error.command}`,
    output: error.output,
    cause: error,
  });
}

/** Unpacks a binary package's files into `directory`, running none of its scripts. */
export async function unpackDeb(file: string, directory: string, signal?: AbortSignal) {
  await run('dpkg-deb', ['--extract', file, directory], { what: `unpack ${file}`, signal });
}

function configuration(directory: string): string {
  const settings = {
    'Dir::Etc::sourcelist': join(directory, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(directory, 'lists'),
    'Dir::Cache': join(directory, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '2',
    'Acquire::Languages': 'none',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  return `${lines.join('\n')}\nAPT::Architectures { "${debianArch()}"; "arm64"; };\n`;
}

async function sourcesList(signal: AbortSignal | undefined): Promise<string> {
  const uris = await repositories(signal);
  return SUITES.map(({ suite, security }) => {
    const uri = security ? uris.security : uris.main;
    const where = `[signed-by=${KEYRING}] ${uri} ${suite} main`;
    return `deb ${where}\ndeb-src ${where}\n`;
  }).join('');
}

/** Where this host's own apt fetches Debian from; no host name is ours to choose. */
async function repositories(signal: AbortSignal | undefined): Promise<Repositories> {
  // Unlike `apt-get indextargets` it needs no package lists, which container images come without.
  const { stdout } = await run('apt-get', ['update', '--print-uris'], {
    what: `ask apt for the host's repositories`,
    signal,
  });
  return debianRepositories(stdout);
}

export interface Repositories {
  main: string;
  security: string;
}

/**
 * Finds Debian's archive in what `apt-get update --print-uris` printed. Debian's images for clouds name a list of
 * mirrors instead of a server, as in `mirror+file:/etc/apt/mirrors/debian.list`, which apt takes for a repository.
 */
export function debianRepositories(printed: string): Repositories {
  const uris = [...printed.matchAll(/^'(.+?)\/+dists\//gm)].map(([, uri = '']) => uri);
  const main = uris.find((uri) => MAIN.test(uri));
  if (main === undefined) {
    throw new InfraError(`apt on this host is not configured for Debian's archive`, {
      hint: 'pinlab runs on Debian 12 and 13; elsewhere use a debian: container',
    });
  }
  const security = uris.find((uri) => /\/debian-security(\.list)?$/.test(uri));
  return { main, security: security ?? main.replace(MAIN, '/debian-security$1') };
}

const MAIN = /\/debian(\.list)?$/;

/** Debian's name for the architecture of this host. */
export function debianArch(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

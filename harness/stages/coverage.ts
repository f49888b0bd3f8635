// SPDX-License-Identifier: MIT
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InfraError, InterruptedError } from '../errors.ts';
import { run } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import { parseGcov } from '../kernel/coverage.ts';
import { addFiles, type Coverage, type FileCoverage } from '../schema/coverage.ts';
import type { Guest } from './bootGuest.ts';
import type { Workspace } from './workspace.ts';

/** What the kernel counted of each object, by the path below which its files were compiled. */
type Counts = ReadonlyMap<string, Buffer>;

const COLLECT_TIMEOUT_MS = 20_000;
/** Each file with counts: its name, then its bytes; after that they are zero again. */
const READ = [
  'cd /sys/kernel/debug/gcov',
  `find . -name '*.gcda' | while read -r file; do echo "= $file"; base64 "$file" || exit; done`,
  'echo 1 > reset',
].join(' && ');

/** Gathers how often the lines of the series' own files ran, from every guest before it ends. */
export class CoverageCollector {
  readonly #workspace: Workspace;
  /** What the compiler noted about each file, by its path in the tree. */
  readonly #notes: ReadonlyMap<string, string>;
  readonly #asked = new WeakSet<object>();
  readonly #counts: Counts[] = [];
  #lost = 0;

  constructor(workspace: Workspace, notes: ReadonlyMap<string, string>) {
    this.#workspace = workspace;
    this.#notes = notes;
  }

  /** Takes what the kernel of `guest` has counted, once; what it can no longer tell is lost. */
  async collect(guest: Pick<Guest, 'ssh' | 'within'>): Promise<void> {
    if (this.#asked.has(guest)) return;
    this.#asked.add(guest);
    const { signal } = this.#workspace;
    const timeoutMs = guest.within(COLLECT_TIMEOUT_MS);
    const options = { what: 'read the coverage', timeoutMs, signal };
    try {
      this.#counts.push(parseCounts(await guest.ssh.output(READ, options)));
    } catch (error) {
      if (!(error instanceof InfraError || error instanceof InterruptedError)) throw error;
      this.#lost += 1;
    }
  }

  /** The counts of all guests together; a line that never ran has zero. */
  async result(): Promise<Coverage> {
    const guests = { counted: this.#counts.length, lost: this.#lost };
    const parts = await Promise.all(
      [...this.#notes].map(([source, notes]) => this.#fileParts(source, notes)),
    );
    return { files: addFiles(parts.flat()), guests };
  }

  /** Without any counts first, so that a file of which nothing ran is there too. */
  #fileParts(source: string, notes: string): Promise<FileCoverage[]> {
    const own = this.#counts.flatMap((counts) => countsOf(counts, source) ?? []);
    return Promise.all([undefined, ...own].map((counts) => this.#gcov(source, notes, counts)));
  }

  async #gcov(source: string, notes: string, counts: Buffer | undefined): Promise<FileCoverage> {
    await using directory = await temporaryDirectory('gcov');
    const name = basename(source, '.c');
    await copyFile(notes, join(directory.path, `${name}.gcno`));
    if (counts) await writeFile(join(directory.path, `${name}.gcda`), counts);
    const command = `${this.#workspace.crossCompile}gcov`;
    const { stdout } = await run(command, ['--json-format', '--stdout', `${name}.gcno`], {
      what: `count the lines of ${source}`,
      cwd: directory.path,
    });
    return parseGcov(stdout, source);
  }
}

/** The files of one guest by their names, as `READ` prints them. */
export function parseCounts(text: string): Counts {
  const counts = new Map<string, Buffer>();
  for (const part of text.split(/^= /m).slice(1)) {
    const [name = '', ...lines] = part.split('\n');
    counts.set(name, Buffer.from(lines.join(''), 'base64'));
  }
  return counts;
}

/** The kernel names them by where the object was compiled, which ends like the path of its source. */
function countsOf(counts: Counts, source: string): Buffer | undefined {
  const name = `/${source.replace(/\.c$/, '.gcda')}`;
  return [...counts].find(([path]) => path.endsWith(name))?.[1];
}

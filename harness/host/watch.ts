// SPDX-License-Identifier: MIT
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InfraError } from '../errors.ts';

/** An editor saves a file in several steps, and a checkout saves many files. */
const QUIET_MS = 200;
/** Backups, swap and lock files of editors, and what is hidden. */
const IGNORED = /^\.|~$|\.sw[a-z]$|^4913$|^#.*#$/;

/** Follows changes of files and of everything below directories, until disposed. */
export class Watch implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #wake: () => void = () => undefined;
  #error: InfraError | undefined;

  private constructor() {}

  /** Changes count from the moment this resolves. */
  static async open(paths: readonly string[]): Promise<Watch> {
    const opened = new Watch();
    for (const path of paths) {
      const isDirectory = (await stat(path)).isDirectory();
      if (isDirectory) await opened.#followTree(path);
      // The file itself is replaced by whoever saves it: its directory tells.
      else opened.#follow(dirname(path), (name) => name === basename(path));
    }
    return opened;
  }

  /** How many directories are followed. */
  get size(): number {
    return this.#watchers.size;
  }

  /** The files that changed since the last call, once nothing has changed for a moment; waits for the first. */
  async next(signal: AbortSignal): Promise<string[]> {
    while (!signal.aborted && !this.#error) {
      const before = this.#changed.size;
      if (await this.#silence(before === 0 ? undefined : QUIET_MS, signal)) break;
    }
    if (this.#error) throw this.#error;
    const changed = [...this.#changed].sort();
    this.#changed.clear();
    return changed;
  }

  [Symbol.dispose]() {
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  /** Whether `ms` pass without a change; without a limit, waits for the first change. */
  #silence(ms: number | undefined, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => end(true), ms);
      const end = (silent: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        resolve(silent);
      };
      const aborted = () => end(false);
      signal.addEventListener('abort', aborted);
      this.#wake = () => end(false);
    });
  }

  async #followTree(root: string) {
    this.#follow(root, (name) => !IGNORED.test(name));
    const entries = await readdir(root, { withFileTypes: true });
    for (const entry of entries) {
      if (entry.isDirectory() && !IGNORED.test(entry.name)) {
        await this.#followTree(join(root, entry.name));
      }
    }
  }

  #follow(directory: string, concerns: (name: string) => boolean) {
    if (this.#watchers.has(directory)) return;
    try {
      const watcher = watch(directory, (_, name) => {
        if (name !== null && concerns(name)) void this.#note(join(directory, name));
      });
      watcher.on('error', (cause) => this.#fail(directory, cause));
      this.#watchers.set(directory, watcher);
    } catch (cause) {
      throw failure(directory, cause as Error);
    }
  }

  async #note(path: string) {
    this.#changed.add(path);
    this.#wake();
    const isNewDirectory = await stat(path).then(
      (found) => found.isDirectory() && !this.#watchers.has(path),
      () => false,
    );
    if (isNewDirectory) await this.#followTree(path).catch((cause) => this.#fail(path, cause));
  }

  #fail(path: string, cause: Error) {
    this.#error ??= failure(path, cause);
    this.#wake();
  }
}

function failure(path: string, cause: Error): InfraError {
  return new InfraError(`cannot follow changes of ${path}: ${cause.message}`, {
    cause,
    hint: 'the kernel limits how many can be followed: raise fs.inotify.max_user_watches',
  });
}

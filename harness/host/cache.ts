// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from './lock.ts';

/** Everything that goes into an artifact, by name; equal inputs mean an equal artifact. */
export type CacheInputs = Readonly<Record<string, string>>;

export interface CacheEntry {
  /** The directory that holds the artifact; never written to again. */
  directory: string;
  key: string;
  /** How long the build took, whenever it ran. */
  durationMs: number;
  /** Whether this call found it built. */
  hit: boolean;
}

export interface CacheOptions {
  signal?: AbortSignal;
  onWait?: () => void;
}

const MANIFEST = 'pinlab.json';

/** The hash that names the artifact made from `inputs`. */
export function cacheKey(inputs: CacheInputs): string {
  const sorted = Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 24);
}

/** A directory of finished artifacts under `root`, named by what went into them. */
export class Cache {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Where the artifact of `inputs` is or will be. */
  path(kind: string, inputs: CacheInputs): string {
    return join(this.root, kind, cacheKey(inputs));
  }

  /**
   * The artifact for `inputs`, built by `build` into an empty directory if it is not there.
   * Two callers at once build it once. A build that fails or is killed leaves nothing behind.
   */
  async get(
    kind: string,
    inputs: CacheInputs,
    build: (directory: string) => Promise<void>,
    options: CacheOptions = {},
  ): Promise<CacheEntry> {
    const found = await this.find(kind, inputs);
    if (found) return found;
    const directory = this.path(kind, inputs);
    await using _ = await lock(`${directory}.lock`, { what: `${kind} artifact`, ...options });
    return (await this.find(kind, inputs)) ?? (await this.#build(kind, inputs, build));
  }

  /** The artifact for `inputs` if it is there and whole. */
  async find(kind: string, inputs: CacheInputs): Promise<CacheEntry | undefined> {
    const directory = this.path(kind, inputs);
    const manifest = await readManifest(join(directory, MANIFEST));
    if (!manifest) return undefined;
    return { directory, key: cacheKey(inputs), durationMs: manifest.durationMs, hit: true };
  }

  async #build(kind: string, inputs: CacheInputs, build: (directory: string) => Promise<void>) {
    const directory = this.path(kind, inputs);
    const partial = `${directory}.partial`;
    await rm(partial, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const startedAt = performance.now();
    try {
      await build(partial);
      const durationMs = Math.round(performance.now() - startedAt);
      await writeFile(join(partial, MANIFEST), JSON.stringify({ kind, inputs, durationMs }));
      await rename(partial, directory);
      return { directory, key: cacheKey(inputs), durationMs, hit: false };
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  }
}

async function readManifest(file: string): Promise<{ durationMs: number } | undefined> {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  return there ? JSON.parse(await readFile(file, 'utf8')) : undefined;
}

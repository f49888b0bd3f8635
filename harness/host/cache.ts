// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { InfraError } from '../errors.ts';
import { hashFiles, listFiles } from './hash.ts';
import { lock } from './lock.ts';
import { exists, makeDirectory } from './paths.ts';

/** Everything that goes into an artifact, by name; equal inputs mean an equal artifact. */
export type CacheInputs = Readonly<Record<string, string>>;

export interface CacheEntry {
  /** The directory that holds the artifact; never written to again. */
  directory: string;
  key: string;
  /** The SHA-256 of each of its files by its path in `directory`, which still has it; none where contents are trusted. */
  files: Readonly<Record<string, string>>;
  /** How long the build took, whenever it ran. */
  durationMs: number;
  /** Whether this call found it built. */
  hit: boolean;
}

export interface CacheOptions {
  signal?: AbortSignal;
  onWait?: () => void;
  /** Called when the artifact is there but damaged, before it is built again. */
  onDamage?: () => void;
  /** `trusted` for trees of many thousand files, which would take longer to check than to use. */
  contents?: 'hashed' | 'trusted';
}

const MANIFEST = 'pinlab.json';
const Manifest = z.object({
  durationMs: z.number(),
  files: z.record(z.string(), z.string()).default({}),
});

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
    await requireWritable(this.root);
    await using _ = await lock(`${directory}.lock`, { what: `${kind} artifact`, ...options });
    const meanwhile = await this.find(kind, inputs);
    if (meanwhile) return meanwhile;
    if (await exists(join(directory, MANIFEST))) options.onDamage?.();
    // Awaited here: the lock is held until this scope ends.
    return await this.#build(kind, inputs, build, options);
  }

  /** The artifact for `inputs` if it is there and whole. */
  async find(kind: string, inputs: CacheInputs): Promise<CacheEntry | undefined> {
    const directory = this.path(kind, inputs);
    const manifest = await readManifest(join(directory, MANIFEST));
    if (!manifest || !(await hasFiles(directory, manifest.files))) return undefined;
    return { directory, key: cacheKey(inputs), ...manifest, hit: true };
  }

  async #build(
    kind: string,
    inputs: CacheInputs,
    build: (directory: string) => Promise<void>,
    { contents = 'hashed' }: CacheOptions,
  ): Promise<CacheEntry> {
    const directory = this.path(kind, inputs);
    const partial = `${directory}.partial`;
    await rm(partial, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const startedAt = performance.now();
    try {
      await build(partial);
      const durationMs = Math.round(performance.now() - startedAt);
      const files = contents === 'hashed' ? await filesOf(partial) : {};
      const manifest = { kind, inputs, durationMs, files };
      await writeFile(join(partial, MANIFEST), JSON.stringify(manifest));
      await rename(partial, directory);
      return { directory, key: cacheKey(inputs), files, durationMs, hit: false };
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  }
}

/** A file system that is mounted read-only refuses root as well, and mkdir(2) may call that ENOENT. */
export async function requireWritable(root: string): Promise<void> {
  try {
    await makeDirectory(root);
    await access(root, constants.W_OK);
  } catch (cause) {
    throw new InfraError(`cannot write to the cache: ${(cause as Error).message}`, {
      hint: 'set XDG_CACHE_HOME to a directory that can be written to',
      cause,
    });
  }
}

/** The manifest; one that is cut off or absent counts as none. */
async function readManifest(file: string): Promise<z.infer<typeof Manifest> | undefined> {
  try {
    return Manifest.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function filesOf(directory: string): Promise<Record<string, string>> {
  const hashed = await hashFiles(await listFiles(directory));
  return Object.fromEntries(hashed.map(([file, sha256]) => [relative(directory, file), sha256]));
}

async function hasFiles(directory: string, files: Readonly<Record<string, string>>) {
  const paths = Object.keys(files).map((path) => join(directory, path));
  const found = await hashFiles(paths).catch(() => []);
  return Object.values(files).every((sha256, index) => found[index]?.[1] === sha256);
}

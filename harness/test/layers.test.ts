// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import test from 'ava';

const HARNESS = join(import.meta.dirname, '..');

/** Which modules each may import; docs/architecture.md says why. Every module may import itself. */
const ALLOWED: Record<string, readonly string[]> = {
  'errors.ts': [],
  ktap: ['schema'],
  splat: ['schema'],
  schema: ['errors.ts'],
  host: ['errors.ts'],
  kernel: ['host', 'errors.ts', 'schema'],
  qemu: ['host', 'errors.ts', 'schema'],
  image: ['host', 'errors.ts', 'schema'],
  guest: ['host', 'errors.ts', 'schema'],
  stages: ['host', 'kernel', 'qemu', 'image', 'guest', 'ktap', 'splat', 'schema', 'errors.ts'],
  report: ['schema', 'errors.ts'],
  'cacheRoot.js': [],
  commands: ['stages', 'report', 'errors.ts', 'schema', 'cacheRoot.js'],
  'ourNode.js': [],
  'cli.js': ['commands', 'errors.ts', 'cacheRoot.js', 'ourNode.js'],
  // Measures the layers against the tools below them, and so sees them all.
  bench: ['commands', 'stages', 'kernel', 'qemu', 'host', 'schema'],
  test: [],
};

/** Packages that one module alone may use, so that there is one place to look. */
const SOLE_USERS: Record<string, string> = {
  execa: 'host/spawn.ts',
  ssh2: 'guest',
  tar: 'guest',
  commander: 'commands',
  '@commander-js/extra-typings': 'commands',
  'env-paths': 'cacheRoot.js',
  // What runs where execa may not: in a Node that is too old for it. The rest is spawn.ts's.
  'node:child_process': 'ourNode.js',
};

/** What may be said once, and where. */
const SOLE_PLACES: Record<string, string> = {
  'process.env': 'commands/environment.ts',
  'process.exit(': 'cli.js',
  // One that is made elsewhere has no owner, and nothing sweeps it.
  'mkdtemp(': 'host/temporary.ts',
};

/** Written at the top of a file, or where it is first needed. */
const IMPORT = /^(?:import|export) [^;]*?from '([^']+)';|\bimport\('([^']+)'\)/gms;

interface Source {
  path: string;
  module: string;
  text: string;
  imports: string[];
}

const sources = await readSources();

test('every module is in the import table', (t) => {
  const modules = [...new Set(sources.map(({ module }) => module))];
  t.deepEqual(
    modules.filter((module) => !(module in ALLOWED)),
    [],
  );
});

test('modules import only what the table allows', (t) => {
  const breaches = sources.flatMap((source) =>
    ownImports(source)
      .filter((target) => target !== source.module)
      .filter((target) => !ALLOWED[source.module]?.includes(target))
      .map((target) => `${source.path} imports ${target}`),
  );
  t.deepEqual(breaches, []);
});

test('packages with one user have one user', (t) => {
  const breaches = sources.flatMap((source) =>
    source.imports
      .filter((name) => name in SOLE_USERS && !source.path.startsWith(SOLE_USERS[name] as string))
      .map((name) => `${source.path} imports ${name}`),
  );
  t.deepEqual(breaches, []);
});

test('every package that is installed for users is used', async (t) => {
  const { dependencies } = JSON.parse(await readFile(join(HARNESS, '../package.json'), 'utf8'));
  const used = new Set(sources.flatMap(({ imports }) => imports));
  // What @commander-js/extra-typings gives types to.
  used.add('commander');
  t.deepEqual(
    Object.keys(dependencies).filter((name) => !used.has(name)),
    [],
  );
});

test('the environment, the exit of the process and temporary directories have one place each', (t) => {
  const breaches = sources.flatMap(({ path, text }) =>
    Object.entries(SOLE_PLACES)
      .filter(([word, place]) => path !== place && text.includes(word))
      .map(([word]) => `${path} says ${word}`),
  );
  t.deepEqual(breaches, []);
});

test('nothing imports in a circle', (t) => {
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(HARNESS, join(HARNESS, dirname(path), name))),
    ]),
  );
  const circles = [...edges.keys()].filter((path) => reaches(edges, path, path, new Set()));
  t.deepEqual(circles, []);
});

function reaches(
  edges: Map<string, string[]>,
  from: string,
  goal: string,
  seen: Set<string>,
): boolean {
  return (edges.get(from) ?? []).some((next) => {
    if (next === goal) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(edges, next, goal, seen);
  });
}

function ownImports({ path, imports }: Source): string[] {
  return imports
    .filter((name) => name.startsWith('.'))
    .map((name) => moduleOf(relative(HARNESS, join(HARNESS, dirname(path), name))));
}

function moduleOf(path: string): string {
  return path.split(sep)[0] as string;
}

async function readSources(): Promise<Source[]> {
  const entries = await readdir(HARNESS, { recursive: true, withFileTypes: true });
  // A link is another name of a source.
  const files = entries.filter((entry) => entry.isFile());
  const paths = files
    .map(({ parentPath, name }) => relative(HARNESS, join(parentPath, name)))
    .filter((path) => /\.[jt]s$/.test(path) && !path.startsWith(`test${sep}`));
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(HARNESS, path), 'utf8');
      const imports = [...text.matchAll(IMPORT)].map((found) => (found[1] ?? found[2]) as string);
      return { path, module: moduleOf(path), text, imports };
    }),
  );
}

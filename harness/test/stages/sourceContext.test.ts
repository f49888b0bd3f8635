// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { Cache } from '../../host/cache.ts';
import { seriesParts } from '../../host/overlay.ts';
import type { Frame } from '../../schema/results.ts';
import { type KernelSources, withSource } from '../../stages/sourceContext.ts';
import type { Workspace } from '../../stages/workspace.ts';

const PATCH = '--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -2,2 +2,3 @@\n two\n+between\n three\n';

async function write(file: string, text: string) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

interface Given {
  root: string;
  sources: KernelSources;
  workspace: Workspace;
}

/** A checkout whose series adds one file to a tree and changes another. */
async function prepare(): Promise<Given> {
  const root = await mkdtemp(join(tmpdir(), 'pinlab-context-'));
  const directory = join(root, 'tree');
  await write(join(directory, 'mm/gup.c'), 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n');
  await write(join(directory, 'mm/memory.c'), 'untouched\n');
  await write(join(root, 'kernel/mempinfd/mm/mempinfd.c'), 'a\nb\nc\n');
  await write(join(root, 'kernel/patches/1.patch'), PATCH);
  const applied = {
    name: 'mempinfd',
    newFiles: [{ from: join(root, 'kernel/mempinfd'), to: '' }],
    patches: [join(root, 'kernel/patches/1.patch')],
  };
  const source = { directory, version: '1', base: '6.12', pristine: true, hit: true };
  const sources = { source, applied, series: await seriesParts(applied) };
  const { signal } = new AbortController();
  const never = () => Promise.reject();
  const rest = { crossCompile: '', emit: () => undefined, openApt: never, compilerVersion: never };
  return { root, sources, workspace: { root, signal, cache: new Cache(join(root, 'c')), ...rest } };
}

function at(file: string, line: number): Frame {
  return { symbol: 'f', file, line };
}

test('a frame has the lines around it as the series left them, and where the repository has them', async (t) => {
  const { root, sources, workspace } = await prepare();
  const frames = [
    at('mm/gup.c', 3),
    at('mm/gup.c', 9),
    at('mm/mempinfd.c', 2),
    at('mm/memory.c', 1),
  ];
  const [added, moved, own, untouched] = await withSource(workspace, sources, frames);
  t.deepEqual(added?.source, {
    first: 1,
    lines: ['one', 'two', 'between', 'three', 'four', 'five', 'six'],
  });
  t.deepEqual(added?.repository, { file: 'kernel/patches/1.patch', line: 5 });
  t.deepEqual(moved?.source?.lines[moved.source.lines.indexOf('eight')], 'eight');
  t.is(moved?.source?.first, 5);
  t.is(moved?.repository, undefined);
  t.deepEqual(own?.source, { first: 1, lines: ['a', 'b', 'c', ''] });
  t.deepEqual(own?.repository, { file: 'kernel/mempinfd/mm/mempinfd.c', line: 2 });
  t.deepEqual(untouched?.source?.lines[0], 'untouched');
  await rm(root, { recursive: true });
});

test('what cannot be shown leaves the frame as it was', async (t) => {
  const { root, sources, workspace } = await prepare();
  const frames = [{ symbol: 'f' }, at('mm/absent.c', 1), at('mm/gup.c', 99), at('../x', 1)];
  t.deepEqual(await withSource(workspace, sources, frames), frames);
  // Somebody has edited it since the build: its lines are other ones.
  await write(join(root, 'kernel/mempinfd/mm/mempinfd.c'), 'edited\na\nb\nc\n');
  const stale = [at('mm/mempinfd.c', 2)];
  t.deepEqual(await withSource(workspace, sources, stale), stale);
  // Or has taken a patch away.
  await rm(join(root, 'kernel/patches/1.patch'));
  t.deepEqual(await withSource(workspace, sources, stale), stale);
  await rm(root, { recursive: true });
});

test('a patch out of a mailbox is shown where its user has it, not in the cache', async (t) => {
  const { root, sources, workspace } = await prepare();
  const patch = join(root, 'c/mailbox/1/0001-x.patch');
  await write(patch, PATCH);
  const repositoryOf = async (mailbox: string, verbatim: boolean) => {
    const origins = new Map([[patch, { mailbox, line: 20, verbatim }]]);
    const applied = { ...sources.applied, patches: [patch], origins };
    const given = { ...sources, applied, series: await seriesParts(applied) };
    const [frame] = await withSource(workspace, given, [at('mm/gup.c', 3)]);
    t.deepEqual(frame?.source?.lines[2], 'between');
    return frame?.repository;
  };
  const own = join(root, 'outgoing/v5.mbox');
  t.deepEqual(await repositoryOf(own, true), { file: 'outgoing/v5.mbox', line: 24 });
  t.deepEqual(await repositoryOf(own, false), { file: 'outgoing/v5.mbox', line: 20 });
  const called = join(process.cwd(), 'outgoing/v5.mbox');
  t.deepEqual(await repositoryOf(called, true), { file: 'outgoing/v5.mbox', line: 24 });
  t.is(await repositoryOf('/elsewhere/v5.mbox', true), undefined);
  await rm(root, { recursive: true });
});

// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { start, tryRun } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import { oldNode } from './oldNode.ts';

const CLI = join(import.meta.dirname, '../cli.js');

test('an unknown command is a usage error', async (t) => {
  const { code, stderr } = await tryRun(process.execPath, [CLI, 'judge'], { what: 'try' });
  t.is(code, 2);
  t.regex(stderr, /unknown command 'judge'/);
});

test('the program may be called by its TypeScript name', async (t) => {
  const name = CLI.replace(/\.js$/, '.ts');
  const { code, stderr } = await tryRun(process.execPath, [name, 'judge'], { what: 'try' });
  t.is(code, 2);
  t.regex(stderr, /unknown command 'judge'/);
});

test('a Node that is too old, by whichever name it is called, hands over to the one that came along', async (t) => {
  await using old = await oldNode();
  for (const name of [CLI, CLI.replace(/\.js$/, '.ts')]) {
    const { code, stderr } = await tryRun(old.path, [...old.args, name, 'judge'], { what: 'try' });
    t.is(code, 2);
    t.regex(stderr, /^error: unknown command 'judge'/);
  }
});

test('where none came along, that is said, with what could', async (t) => {
  const args = ['--no-strip-types', CLI, '--help'];
  const { code, stderr } = await tryRun(process.execPath, args, { what: 'try' });
  t.is(code, 3);
  t.regex(
    stderr,
    /^pinlab: needs Node 24 or later and its TypeScript support, this is v.*npx pinlab/,
  );
});

test('help is no error, and names every exit code', async (t) => {
  const { code, stdout } = await tryRun(process.execPath, [CLI, '--help'], { what: 'try' });
  t.is(code, 0);
  for (const exit of ['0', '1', '2', '3', '130']) t.regex(stdout, new RegExp(`^ {2}${exit} `, 'm'));
});

test('a reader that goes away early is no error', async (t) => {
  await using child = start(process.execPath, [CLI, '--help'], { what: 'try' });
  child.stdout.destroy();
  t.deepEqual(await child.exited, { code: 0, signal: undefined });
});

test('who asks to stop when all is said gets the exit code, not a death by the signal', async (t) => {
  t.timeout(60_000);
  await using cache = await temporaryDirectory('test');
  // With a cache, Node writes its compiled sources there while it ends.
  await mkdir(join(cache.path, 'pinlab'));
  const env = { XDG_CACHE_HOME: cache.path };
  for (let round = 1; round <= 8; round += 1) {
    await using child = start(process.execPath, [CLI, '--help'], { what: 'try', env });
    child.stdout.once('data', () => process.kill(child.pid, 'SIGINT'));
    t.deepEqual(await child.exited, { code: 0, signal: undefined }, `round ${round}`);
  }
});

test('what cannot be meant is refused at once, in words, and leaves nothing behind', async (t) => {
  // A start of Node each, on a machine that may be busy.
  t.timeout(60_000);
  await using scratch = await temporaryDirectory('test');
  const file = join(scratch.path, 'file');
  const absent = join(scratch.path, 'absent');
  await writeFile(file, 'neither JSON nor a patch\0\n');
  const before = await readdir(scratch.path);
  const refused: string[][] = [
    ['replay', absent],
    ['replay', file],
    ['compare', absent, file],
    ['fuzz', '--replay', scratch.path],
    ['run', '--output', file],
    ['run', '--durations', file],
    ['run', '--fingerprint', 'oops'],
    ['bench', '--no-series', '--update-results'],
    ['bench', '--kernel', scratch.path, '--update-results'],
    ['run', '--output', '/proc/results'],
    ['run', '--reporter', 'constructor'],
    ['build', 'qemu', 'constructor'],
    ['series', '--output', file],
    ['shell', '--share', file, '--', 'true'],
    ['matrix', '--rows', '('],
  ];
  const runs = refused.map(async (args) => {
    return { args, ...(await tryRun(process.execPath, [CLI, ...args], { what: 'try' })) };
  });
  for (const { args, code, stdout, stderr } of await Promise.all(runs)) {
    t.is(code, 2, `${args}: ${stderr}`);
    t.is(stdout, '');
    t.regex(stderr, /^pinlab: .*\n {2}what to do: /, args.join(' '));
    t.notRegex(stderr, /^ +at /m, args.join(' '));
  }
  t.deepEqual(await readdir(scratch.path), before);
});

test('an error before there are results is annotated on GitHub and in its summary, and printed once', async (t) => {
  t.timeout(60_000);
  await using scratch = await temporaryDirectory('test');
  const [summary, absent] = [join(scratch.path, 'summary.md'), join(scratch.path, 'absent.json')];
  const args = ['run', '--shard', '1/2', '--durations', absent, '--output', scratch.path];
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, XDG_CACHE_HOME: '/nowhere' };
  const { code, stderr } = await tryRun(process.execPath, [CLI, ...args], { what: 'try', env });
  t.is(code, 2, stderr);
  t.is(stderr.match(/^pinlab: /gm)?.length, 1);
  t.is(stderr.match(/^::error title=.*absent\.json/gm)?.length, 1);
  t.regex(await readFile(summary, 'utf8'), /<p>.*absent\.json/);
});

test('what is compiled is kept in a cache that is there, and none is made for it', async (t) => {
  t.timeout(60_000);
  await using scratch = await temporaryDirectory('test');
  const start = (cache: string) =>
    tryRun(process.execPath, [CLI, '--version'], {
      ...{ what: 'try', env: { XDG_CACHE_HOME: cache }, timeoutMs: 30_000 },
    });
  const below = join(scratch.path, 'pinlab');
  t.is((await start(scratch.path)).code, 0);
  t.deepEqual(await readdir(scratch.path), []);
  await mkdir(below);
  t.is((await start(scratch.path)).code, 0);
  t.deepEqual(await readdir(below), ['compiled']);
  // Where Node itself would try for ever to make one.
  t.is((await start('/proc/nowhere')).code, 0);
});

test('the help of a command names the default that it has', async (t) => {
  const bench = await tryRun(process.execPath, [CLI, 'bench', '--help'], { what: 'try' });
  t.regex(bench.stdout, /--flavour <name>[^-]*\(default: "bench"\)/);
});

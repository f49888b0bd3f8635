// SPDX-License-Identifier: MIT
import { glob, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readEnvironment } from '../../commands/environment.ts';
import { EXIT } from '../../errors.ts';
import { pinlab, temporaryDirectory } from './pinlab.ts';

test('an unknown option is a usage error that shows the help', async (t) => {
  const { code, stderr } = await pinlab(['run', '--no-such-option']);
  t.is(code, EXIT.usage);
  t.regex(stderr, /unknown option '--no-such-option'/);
  t.regex(stderr, /Usage: pinlab run/);
});

test('what is no selftest, no sequence of operations and no patch of a base is refused', async (t) => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'operations.txt');
  await writeFile(file, 'launch missiles=1 now\n');
  const refused: [string[], RegExp][] = [
    [['run', '--kselftest', 'cow'], /names like mm:cow/],
    [['run', 'pin', '--kselftest', 'mm:cow'], /instead of suites/],
    [['run', '--kselftest', 'mm:no-such-program'], /there is no selftest mm:no-such-program/],
    [['fuzz', '--replay', file], /not an operation: launch missiles=1 now/],
    [
      ['build', 'kernel', '--kernel', directory.path, '--patch', file],
      /is not a kernel source tree/,
    ],
  ];
  for (const [args, why] of refused) {
    const { code, stderr } = await pinlab(args);
    t.is(code, EXIT.usage, stderr);
    t.regex(stderr, why);
  }
});

test('a directory that is no kernel tree is refused', async (t) => {
  await using directory = await temporaryDirectory();
  await using output = await earlierRun();
  const { code, stderr } = await output.run('--kernel', directory.path);
  t.is(code, EXIT.usage);
  t.regex(stderr, /is not a kernel source tree/);
  t.true(await output.isUntouched());
});

test('an unknown base is refused with the list of those that exist', async (t) => {
  await using output = await earlierRun();
  const { code, stderr } = await output.run('--kernel', '5.4');
  t.is(code, EXIT.usage);
  t.regex(stderr, /there is no kernel 5\.4.*\n.*6\.12, 7\.3/);
  t.true(await output.isUntouched());
});

test('an unknown suite is refused with the names of those that exist', async (t) => {
  await using output = await earlierRun();
  const { code, stderr } = await output.run('no-such-suite');
  t.is(code, EXIT.usage);
  t.regex(stderr, /no suite and no program no-such-suite.*\n.*machine, syscall/);
  t.true(await output.isUntouched());
});

test('a patch that does not apply is named and the work tree stays usable', async (t) => {
  await using directory = await temporaryDirectory();
  const patch = join(directory.path, 'bad.patch');
  await writeFile(patch, '--- a/Makefile\n+++ b/Makefile\n@@ -1,1 +1,1 @@\n-nothing like it\n+x\n');
  const { code, stderr } = await pinlab(['build', 'kernel', '--series', patch]);
  t.is(code, EXIT.usage);
  t.regex(stderr, /bad\.patch does not apply/);
});

test('a kernel option that does not survive stops the build and names what it lacks', async (t) => {
  await using directory = await temporaryDirectory();
  const fragment = join(directory.path, 'kasan.config');
  await writeFile(fragment, 'CONFIG_SLUB_TINY=y\nCONFIG_KASAN=y\n');
  const before = await configurations();
  const { code, stderr } = await pinlab(['build', 'kernel', '--config', fragment]);
  t.is(code, EXIT.usage);
  t.true(before.length > 0);
  t.deepEqual(await configurations(), before, 'the next build has the configuration of the last');
  t.regex(stderr, /CONFIG_KASAN=y was requested, \.config has n: .*!SLUB_TINY \(SLUB_TINY=y\)/);
});

test('a pattern that matches no test is not green', async (t) => {
  await using directory = await temporaryDirectory();
  const args = ['run', '--grep', 'no-such-test', '--output', directory.path];
  const { code, stderr } = await pinlab(args);
  t.is(code, EXIT.infra);
  t.regex(stderr, /no test matches/);
});

test('without a network a first build says so and leaves nothing half-written', async (t) => {
  await using directory = await temporaryDirectory();
  const nowhere = 'http://127.0.0.1:9/';
  const { code, stderr } = await pinlab(['build', 'qemu'], {
    XDG_CACHE_HOME: directory.path,
    http_proxy: nowhere,
    https_proxy: nowhere,
  });
  t.is(code, EXIT.infra);
  t.regex(stderr, /check that this host reaches Debian's archive/);
  t.deepEqual(await finishedArtifacts(directory.path), []);
});

test('a cache that cannot be written to is an error of the host', async (t) => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  const { code, stderr } = await pinlab(['build', 'qemu'], { XDG_CACHE_HOME: file });
  t.is(code, EXIT.infra);
  t.regex(stderr, /cannot write to the cache: .* is not a directory/);
});

/** What a run left, and another one that goes into the same directory. */
async function earlierRun() {
  const directory = await temporaryDirectory();
  const file = join(directory.path, 'results.json');
  await writeFile(file, '{}');
  return {
    run: (...args: string[]) => pinlab(['run', ...args, '--output', directory.path]),
    isUntouched: async () => (await readFile(file, 'utf8').catch(() => '')) === '{}',
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function finishedArtifacts(cacheHome: string): Promise<string[]> {
  await mkdir(join(cacheHome, 'pinlab'), { recursive: true });
  const names = await readdir(join(cacheHome, 'pinlab'), { recursive: true });
  return names.filter((name) => name.endsWith('pinlab.json') || name.includes('.partial'));
}

/** What the work trees of the kernels are configured with. */
async function configurations(): Promise<string[]> {
  const { cacheRoot } = readEnvironment();
  const files = await Array.fromAsync(glob(join(cacheRoot, 'kernel-work/*/*/build-*/.config')));
  return Promise.all(files.sort().map((file) => readFile(file, 'utf8')));
}

test('a matrix of nothing is not green, and of no such machine refused', async (t) => {
  await using directory = await temporaryDirectory();
  const args = ['matrix', '--output', directory.path];
  const nowhere = await pinlab([...args, '--httu', '1']);
  t.is(nowhere.code, EXIT.usage);
  t.regex(nowhere.stderr, /--httu takes one of 0, 2, not 1/);
  const nothing = await pinlab([...args, '--kernel', '6.12', '--rows', 'no such event']);
  t.is(nothing.code, EXIT.infra);
  t.regex(nothing.stderr, /no cell matches/);
});

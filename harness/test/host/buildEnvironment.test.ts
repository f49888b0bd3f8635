// SPDX-License-Identifier: MIT
import { chmod, glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { BUILD_ENVIRONMENT } from '../../host/buildEnvironment.ts';
import { run } from '../../host/spawn.ts';
import { make } from '../../kernel/build.ts';
import { compileQemu } from '../../qemu/build.ts';

/** What a user may have set, for whatever else is built on this host. */
const SET = {
  LLVM: '1',
  KCFLAGS: '-O3',
  MAKEFLAGS: 'W=1',
  CFLAGS: '-O0',
  LDFLAGS: '-s',
  CC: 'clang',
  ARCH: 'riscv',
  KCONFIG_ALLCONFIG: '/etc/config',
  KBUILD_BUILD_USER: 'me',
};

/** Tools that write down their environment instead of building, in place of those of the host. */
async function recordingTools() {
  const directory = await mkdtemp(join(tmpdir(), 'tools-'));
  const record = join(directory, 'environment');
  for (const name of ['make', 'ninja']) {
    const tool = join(directory, name);
    await writeFile(tool, `#!/bin/sh\nenv > '${record}'\n`);
    await chmod(tool, 0o755);
  }
  const before = { ...process.env };
  Object.assign(process.env, SET, { PATH: `${directory}${delimiter}${before.PATH}` });
  return {
    directory,
    seen: async () => (await readFile(record, 'utf8')).split('\n'),
    async [Symbol.asyncDispose]() {
      for (const name of Object.keys(SET)) delete process.env[name];
      Object.assign(process.env, before);
      await rm(directory, { recursive: true });
    },
  };
}

const isSet = (line: string) => Object.keys(SET).some((name) => line.startsWith(`${name}=`));

test.serial('a kernel is built without what the user has set for other builds', async (t) => {
  await using tools = await recordingTools();
  const build = { tree: '/t', output: '/o', fragments: '', crossCompile: '' };
  await make(build, ['Image'], 'build', { KCONFIG_ALLCONFIG: '/o/pinlab.config' });
  t.deepEqual((await tools.seen()).filter(isSet).sort(), [
    'KBUILD_BUILD_USER=pinlab',
    'KCONFIG_ALLCONFIG=/o/pinlab.config',
  ]);
});

test.serial('so is QEMU', async (t) => {
  await using tools = await recordingTools();
  const output = tools.directory;
  const source = { directory: '/s', version: '1', meson: '/m' };
  await compileQemu({ tree: '/t', output, source, devices: '', configureArgs: '' }, []);
  const seen = await tools.seen();
  t.deepEqual(seen.filter(isSet), ['KBUILD_BUILD_USER=me']);
  t.true(seen.includes('PYTHONPATH=/m/usr/lib/python3/dist-packages'));
});

test.serial('what a build needs of the user’s environment stays', async (t) => {
  await using _ = await recordingTools();
  const { stdout } = await run('env', [], { what: 'look', env: BUILD_ENVIRONMENT });
  const names = stdout.split('\n').map((line) => line.split('=')[0]);
  t.true(names.includes('PATH'));
  t.true(names.includes('HOME'));
});

test('no make anywhere runs in another environment', async (t) => {
  const root = join(import.meta.dirname, '../..');
  const others: string[] = [];
  for await (const file of glob('{kernel,qemu,image,stages}/*.ts', { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8');
    const calls = text.match(/\b(?:run|tryRun|start)\('make'/g) ?? [];
    const given = text.match(/env: (?:BUILD_ENVIRONMENT|\{ \.\.\.BUILD_ENVIRONMENT)/g) ?? [];
    if (calls.length > given.length) others.push(file);
  }
  t.deepEqual(others, []);
});

// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import test from 'ava';
import { type Child, start } from '../../host/spawn.ts';
import { sweepTemporary, temporaryDirectory } from '../../host/temporary.ts';

const MODULE = join(import.meta.dirname, '../../host/temporary.ts');

async function parentDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'temporary-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** Another pinlab that has made a directory in `parent` and lives until it is killed. */
async function otherOwner(parent: string): Promise<{ child: Child; name: string }> {
  const script = `
    const { temporaryDirectory } = await import('${MODULE}');
    console.log((await temporaryDirectory('test')).path);
    process.stdin.resume();`;
  const args = ['--input-type=module', '--eval', script];
  const child = start(process.execPath, args, { what: 'own it', env: { TMPDIR: parent } });
  const line = await new Promise<Buffer>((resolve) => child.stdout.once('data', resolve));
  return { child, name: basename(line.toString().trim()) };
}

test('a directory is there until its scope ends', async (t) => {
  let path = '';
  {
    await using directory = await temporaryDirectory('test');
    path = directory.path;
    await writeFile(join(path, 'file'), '');
  }
  t.false((await readdir(dirname(path))).includes(basename(path)));
});

test('the directory of a process that was killed is removed, that of a live one is not', async (t) => {
  await using parent = await parentDirectory();
  await using dead = (await otherOwner(parent.path)).child;
  const [name = ''] = await readdir(parent.path);
  await mkdir(join(parent.path, name, 'full'));
  await writeFile(join(parent.path, name, 'full/file'), 'of it');
  const live = await otherOwner(parent.path);
  await using _ = live.child;
  t.deepEqual(await sweepTemporary(parent.path), []);
  dead.kill();
  await dead.exited;
  t.deepEqual(await sweepTemporary(parent.path), [name]);
  t.deepEqual(await readdir(parent.path), [live.name]);
});

test('runs that sweep at the same time do not disturb each other', async (t) => {
  await using parent = await parentDirectory();
  for (let i = 0; i < 3; i += 1) {
    const { child } = await otherOwner(parent.path);
    await child[Symbol.asyncDispose]();
  }
  await Promise.all([1, 2, 3, 4].map(() => sweepTemporary(parent.path)));
  t.deepEqual(await readdir(parent.path), []);
});

test('a process id that was given away again is another process', async (t) => {
  await using parent = await parentDirectory();
  await using own = await temporaryDirectory('test');
  const earlier = basename(own.path).replace(/\.[0-9a-z]+\./, '.1.');
  await mkdir(join(parent.path, earlier));
  await mkdir(join(parent.path, basename(own.path)));
  t.deepEqual(await sweepTemporary(parent.path), [earlier]);
  t.deepEqual(await readdir(parent.path), [basename(own.path)]);
});

test('what pinlab did not make, or whose owner cannot be seen, stays', async (t) => {
  await using parent = await parentDirectory();
  const { child, name } = await otherOwner(parent.path);
  await child[Symbol.asyncDispose]();
  await rename(join(parent.path, name), join(parent.path, 'target'));
  await symlink('target', join(parent.path, name));
  await writeFile(join(parent.path, name.replace('-test-', '-file-')), '');
  const others = [
    'pinlab-AbCdEf',
    'pinlab-notes-2024',
    `${name}-kept`,
    name.replace(/\.[0-9a-f]{6}-/, '.000000-'),
  ];
  for (const other of others) await mkdir(join(parent.path, other));
  const before = await readdir(parent.path);
  t.deepEqual(await sweepTemporary(parent.path), []);
  t.deepEqual(await readdir(parent.path), before);
});

test('a directory that cannot be listed has nothing to sweep', async (t) => {
  t.deepEqual(await sweepTemporary('/nonexistent'), []);
});

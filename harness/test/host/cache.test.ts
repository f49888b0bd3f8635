// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { Cache, cacheKey } from '../../host/cache.ts';

async function emptyCache() {
  const root = await mkdtemp(join(tmpdir(), 'cache-'));
  const cache = new Cache(root);
  return { cache, root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

const write = (text: string) => (directory: string) => writeFile(join(directory, 'out'), text);

test('a cache that cannot be written to is refused by name, with what to do', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'pinlab-cache-'));
  await writeFile(join(root, 'file'), '');
  const cache = new Cache(join(root, 'file'));
  const error = await t.throwsAsync(
    cache.get('x', { a: '1' }, () => Promise.resolve()),
    { instanceOf: InfraError },
  );
  t.regex(error.message, /cannot write to the cache: .* is not a directory/);
  t.regex(error.hint ?? '', /XDG_CACHE_HOME/);
  await rm(root, { recursive: true });
});

test('the key depends on every input and not on their order', (t) => {
  t.is(cacheKey({ a: '1', b: '2' }), cacheKey({ b: '2', a: '1' }));
  t.not(cacheKey({ a: '1' }), cacheKey({ a: '2' }));
  t.not(cacheKey({ a: '1' }), cacheKey({ b: '1' }));
});

test('builds once and then finds it', async (t) => {
  await using f = await emptyCache();
  const first = await f.cache.get('k', { a: '1' }, write('one'));
  const second = await f.cache.get('k', { a: '1' }, () => Promise.reject(new Error('again')));
  t.false(first.hit);
  t.true(second.hit);
  t.is(await readFile(join(second.directory, 'out'), 'utf8'), 'one');
});

test('a build that fails leaves nothing and the next one works', async (t) => {
  await using f = await emptyCache();
  const failing = f.cache.get('k', { a: '1' }, async (directory) => {
    await write('half')(directory);
    throw new Error('disk full');
  });
  await t.throwsAsync(failing, { message: 'disk full' });
  t.deepEqual(
    (await readdir(join(f.root, 'k'))).filter((name) => !name.endsWith('.lock')),
    [],
  );
  t.false((await f.cache.get('k', { a: '1' }, write('whole'))).hit);
});

test('what a kill left behind is not taken for an artifact', async (t) => {
  await using f = await emptyCache();
  const entry = await f.cache.get('k', { a: '1' }, write('whole'));
  await rm(join(entry.directory, 'pinlab.json'));
  const again = await f.cache.get('k', { a: '1' }, write('rebuilt'));
  t.false(again.hit);
  t.is(await readFile(join(again.directory, 'out'), 'utf8'), 'rebuilt');
});

test('an artifact that changed or lost a file is noticed and built again', async (t) => {
  const damages = {
    changed: (file: string) => writeFile(file, 'onE'),
    'cut off': (file: string) => truncate(file, 1),
    lost: (file: string) => rm(file),
    'cut off in its manifest': (file: string) => truncate(join(file, '../pinlab.json'), 10),
  };
  for (const [how, damage] of Object.entries(damages)) {
    await using f = await emptyCache();
    const { directory, files } = await f.cache.get('k', { a: '1' }, write('one'));
    t.deepEqual(Object.keys(files), ['out']);
    await damage(join(directory, 'out'));
    let noticed = 0;
    const onDamage = () => {
      noticed += 1;
    };
    const again = await f.cache.get('k', { a: '1' }, write('one'), { onDamage });
    t.false(again.hit, how);
    t.is(noticed, 1, how);
    t.is(await readFile(join(directory, 'out'), 'utf8'), 'one');
    t.true((await f.cache.get('k', { a: '1' }, write('never'))).hit);
  }
});

test('of contents that are trusted only the manifest is looked at', async (t) => {
  await using f = await emptyCache();
  const trusted = { contents: 'trusted' } as const;
  const { directory } = await f.cache.get('k', { a: '1' }, write('one'), trusted);
  await writeFile(join(directory, 'out'), 'two');
  t.true((await f.cache.get('k', { a: '1' }, write('never'), trusted)).hit);
});

test('two at once build once', async (t) => {
  await using f = await emptyCache();
  let builds = 0;
  const build = async (directory: string) => {
    builds += 1;
    await write('x')(directory);
  };
  const entries = await Promise.all([1, 2, 3].map(() => f.cache.get('k', { a: '1' }, build)));
  t.is(builds, 1);
  t.is(entries.filter(({ hit }) => hit).length, 2);
});

test('a full disk leaves nothing half-written', async (t) => {
  await using f = await emptyCache();
  const filling = f.cache.get('k', { a: '1' }, async (directory) => {
    await write('half')(directory);
    await writeFile('/dev/full', 'no room for this');
  });
  await t.throwsAsync(filling, { code: 'ENOSPC' });
  t.is(await f.cache.find('k', { a: '1' }), undefined);
  t.deepEqual(
    (await readdir(join(f.root, 'k'))).filter((name) => !name.endsWith('.lock')),
    [],
  );
});

test('a cache that cannot be made is refused at once, with what to do', async (t) => {
  const cache = new Cache('/proc/cache');
  const error = await t.throwsAsync(cache.get('k', { a: '1' }, write('never')), {
    instanceOf: InfraError,
    message: /^cannot write to the cache: /,
  });
  t.regex(error.hint ?? '', /XDG_CACHE_HOME/);
});

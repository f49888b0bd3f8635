// SPDX-License-Identifier: MIT
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { lock, tryLock } from '../../host/lock.ts';

async function lockFile() {
  const root = await mkdtemp(join(tmpdir(), 'lock-'));
  return { path: join(root, 'lock'), [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('a second holder waits for the first, and says so', async (t) => {
  await using file = await lockFile();
  const order: string[] = [];
  const first = await lock(file.path, { what: 'it' });
  const waits = Promise.withResolvers<void>();
  const second = lock(file.path, { what: 'it', onWait: waits.resolve }).then(async (held) => {
    order.push('second');
    await held[Symbol.asyncDispose]();
  });
  await waits.promise;
  order.push('first');
  await first[Symbol.asyncDispose]();
  await second;
  t.deepEqual(order, ['first', 'second']);
});

test('a lock that is held is refused to who will not wait', async (t) => {
  await using file = await lockFile();
  {
    await using _ = await lock(file.path, { what: 'it' });
    t.is(await tryLock(file.path, { what: 'it' }), undefined);
  }
  await using again = await tryLock(file.path, { what: 'it' });
  t.truthy(again);
});

test('a file that cannot be locked is not one that somebody else holds', async (t) => {
  await using file = await lockFile();
  await symlink('nowhere/lock', file.path);
  await t.throwsAsync(tryLock(file.path, { what: 'it' }), { instanceOf: InfraError });
});

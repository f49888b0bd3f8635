// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryDirectory } from '../../host/temporary.ts';
import { pendingCosts } from '../../stages/buildCosts.ts';
import { examineDisk } from '../../stages/hostTools.ts';

const HUGE = [{ what: 'a universe', mib: 2 ** 50, minutes: 1 }];

test('the disk need only take what is not built yet', async (t) => {
  await using cache = await temporaryDirectory('test');
  const all = await examineDisk(cache.path, await pendingCosts(cache.path));
  t.regex(all.text, /^\d+\.\d GiB free for .*\(what is not built yet needs 8\.0 GiB\)$/);
  const nothing = await examineDisk(cache.path, []);
  t.true(nothing.ok);
  t.notRegex(nothing.text, /needs/);
  t.false((await examineDisk(cache.path, HUGE)).ok);
});

test('a cache that takes nothing is told beside the rest, and lacks nothing where all is built', async (t) => {
  await using scratch = await temporaryDirectory('test');
  const file = join(scratch.path, 'file');
  await writeFile(file, '');
  const cache = join(file, 'cache');
  const pending = await examineDisk(cache, HUGE);
  t.false(pending.ok);
  t.regex(pending.text, /^cannot write to the cache: /);
  t.regex(pending.remedy ?? '', /XDG_CACHE_HOME/);
  t.true((await examineDisk(cache, [])).ok);
});

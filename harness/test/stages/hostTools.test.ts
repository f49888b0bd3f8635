// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { hostPackages } from '../../host/packages.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import type { StageEvent } from '../../schema/events.ts';
import { pendingCosts } from '../../stages/buildCosts.ts';
import { ensureHost, examineDisk, examineHost } from '../../stages/hostTools.ts';
import { openWorkspace } from '../../stages/workspace.ts';
import { debianTools } from '../host/debianTools.ts';

const installed = hostPackages.map(({ name }) => name).filter((name) => name !== 'cpio');
const HUGE = [{ what: 'a universe', mib: 2 ** 50, minutes: 1 }];
const INSTALL = `apt-get install -y --no-install-recommends cpio'`;

async function emptyWorkspace() {
  const directory = await temporaryDirectory('test');
  const events: StageEvent[] = [];
  const { signal } = new AbortController();
  const emit = (event: StageEvent) => events.push(event);
  return {
    events,
    workspace: openWorkspace({ root: directory.path, cacheRoot: directory.path, emit, signal }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test.serial('a run that may not install ends with the command that does', async (t) => {
  await using _ = await debianTools({ installed, sudo: false });
  await using given = await emptyWorkspace();
  const error = await t.throwsAsync(ensureHost(given.workspace), { instanceOf: InfraError });
  t.true(error?.hint?.startsWith(`install them with: sudo sh -c 'apt-get update`));
  t.true(error?.hint?.endsWith(INSTALL));
  t.like(given.events[0], { stage: 'host', text: 'install 1 host packages' });
});

test.serial('the doctor says why a package is needed, and what installs it', async (t) => {
  await using tools = await debianTools({ installed, sudo: true });
  await using given = await emptyWorkspace();
  const [finding] = await examineHost(given.workspace);
  t.like(finding, { ok: false, text: 'Debian package cpio: writes the initramfs' });
  t.true(finding?.remedy?.startsWith('npx pinlab doctor --fix, or: sudo sh -c'));
  t.true(finding?.remedy?.endsWith(INSTALL));
  t.deepEqual(await tools.asked(), []);
});

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

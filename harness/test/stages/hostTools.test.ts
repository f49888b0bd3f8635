// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { hostPackages } from '../../host/packages.ts';
import type { StageEvent } from '../../schema/events.ts';
import { ensureHost, examineHost } from '../../stages/hostTools.ts';
import { openWorkspace } from '../../stages/workspace.ts';
import { debianTools } from '../host/debianTools.ts';

const installed = hostPackages.map(({ name }) => name).filter((name) => name !== 'cpio');
const INSTALL = `apt-get install -y --no-install-recommends cpio'`;

async function emptyWorkspace() {
  const directory = await mkdtemp(join(tmpdir(), 'cache-'));
  const events: StageEvent[] = [];
  const { signal } = new AbortController();
  const emit = (event: StageEvent) => events.push(event);
  return {
    events,
    workspace: openWorkspace({ root: directory, cacheRoot: directory, emit, signal }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
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

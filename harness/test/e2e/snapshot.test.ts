// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { readlink } from 'node:fs/promises';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { ConsoleLogs } from '../../stages/consoleLogs.ts';
import { takeSnapshot } from '../../stages/snapshot.ts';
import { bootTestGuest, restoreTestGuest } from '../../stages/testGuest.ts';
import { Watchdog } from '../../stages/watchdog.ts';
import { bootRequest, built, workspace } from './machine.ts';
import { temporaryDirectory } from './pinlab.ts';

const ASK = { what: 'ask', timeoutMs: 10_000 };

async function request(directory: string) {
  const { kernel, guestTests } = await built();
  const { consoleFile, ...machine } = await bootRequest(createWriteStream('/dev/null'));
  consoleFile.end();
  return {
    ...{ machine, programs: guestTests.directory, configSha256: kernel.configSha256 },
    watchdog: new Watchdog({ directory, kernelConfig: kernel.config }),
    logs: new ConsoleLogs(directory),
    onSplats: () => Promise.resolve(),
  };
}

test('any number of guests start from one snapshot, side by side, and are alike but apart', async (t) => {
  await using directory = await temporaryDirectory();
  const asked = await request(directory.path);
  await using scope = new AsyncDisposableStack();
  const booted = await bootTestGuest(asked);
  await booted.guest.ssh.output('echo before > /tmp/state', ASK);
  const snapshot = scope.use(await takeSnapshot(booted.guest, booted.watch, workspace));
  await booted[Symbol.asyncDispose]();
  // The snapshot has no name, so that not even SIGKILL could leave it behind.
  t.regex(await readlink(snapshot.path), /\(deleted\)$/);
  const guests = await Promise.all([1, 2].map(() => restoreTestGuest(asked, snapshot)));
  for (const on of guests) scope.use(on);
  const [one, two] = guests.map((on) => on.guest.ssh);
  t.is(await one?.output('cat /tmp/state; echo mine > /tmp/state', ASK), 'before');
  t.is(
    await two?.output('while pidof reseed; do :; done > /dev/null; cat /tmp/state', ASK),
    'before',
  );
  t.is(await one?.output('cat /tmp/state', ASK), 'mine');
  t.log(guests.map(({ guest }) => `restored and connected in ${guest.bootMs} ms`).join(', '));
  // One alone, as most are.
  await using third = await restoreTestGuest(asked, snapshot);
  t.log(`one alone in ${third.guest.bootMs} ms, where the boot took ${booted.guest.bootMs} ms`);
});

test('a snapshot that finds no room is an error of the host that says so', async (t) => {
  await using directory = await temporaryDirectory();
  await using booted = await bootTestGuest(await request(directory.path));
  const { qmp } = booted.guest.vm;
  const execute = qmp.execute.bind(qmp);
  qmp.execute = (command, args) =>
    execute(command, command === 'migrate' ? { uri: 'file:/dev/full' } : args);
  const taking = takeSnapshot(booted.guest, booted.watch, workspace);
  const error = await t.throwsAsync(taking, { instanceOf: InfraError });
  t.regex(error.message, /migrate: /);
  t.regex(error.hint ?? '', /room/);
});

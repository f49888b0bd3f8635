// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import test from 'ava';
import { InfraError, InterruptedError } from '../../errors.ts';
import { DEFAULT_MACHINE, type Machine } from '../../qemu/args.ts';
import { launch, parseSshPort } from '../../qemu/vm.ts';
import { ALL_WELL, fakeQemu, SSH_PORT } from './fakeQemu.ts';

const MACHINE: Machine = { ...DEFAULT_MACHINE, kernel: 'Image', initrd: 'initramfs' };

test('a QEMU that answers is up, with its port, its console and its command line', async (t) => {
  await using qemu = await fakeQemu(ALL_WELL);
  await using vm = await launch(qemu.file, MACHINE);
  t.is(vm.sshPort, SSH_PORT);
  t.is(String((await vm.console.toArray())[0]), 'hello from the guest');
  t.true(vm.commandLine.startsWith(`${qemu.file} `));
});

test('disposal ends QEMU and removes its sockets', async (t) => {
  await using qemu = await fakeQemu(ALL_WELL);
  const vm = await launch(qemu.file, MACHINE);
  const directory = /path=(\S*)\/qmp,/.exec(vm.commandLine)?.[1] ?? t.fail();
  t.deepEqual(await readdir(directory), []);
  await vm[Symbol.asyncDispose]();
  t.is((await vm.exited).signal, 'SIGKILL');
  await t.throwsAsync(readdir(directory), { code: 'ENOENT' });
});

test('a QEMU that refuses its arguments is an error that quotes it', async (t) => {
  await using qemu = await fakeQemu(`console.error('no such device'); process.exitCode = 1;`);
  const error = await t.throwsAsync(launch(qemu.file, MACHINE), { instanceOf: InfraError });
  t.is(error.message, 'QEMU ended with 1 before it answered');
  t.is(error.output, 'no such device');
  t.true(error.command?.startsWith(qemu.file));
});

test('a QEMU that connects before it refuses is quoted, not its broken socket', async (t) => {
  await using qemu = await fakeQemu(`connect('qmp').on('connect', function () {
    this.destroy();
    setTimeout(() => { console.error('no such memory'); process.exitCode = 1; }, 100);
  });`);
  const error = await t.throwsAsync(launch(qemu.file, MACHINE), { instanceOf: InfraError });
  t.is(error.message, 'QEMU ended with 1 before it answered');
  t.is(error.output, 'no such memory');
});

test('a QEMU that connects but never answers is an error in time', async (t) => {
  await using qemu = await fakeQemu(`for (const id of ['qmp', 'console', 'ready']) connect(id);`);
  await t.throwsAsync(launch(qemu.file, MACHINE, { timeoutMs: 500 }), {
    instanceOf: InfraError,
    message: 'QEMU was silent for 500 ms before it answered',
  });
});

test('a QEMU on a host that is known to be slow gets longer for its answers', async (t) => {
  await using qemu = await fakeQemu(ALL_WELL);
  await using usual = await launch(qemu.file, MACHINE);
  await using slow = await launch(qemu.file, MACHINE, { slowdown: 3 });
  t.is(slow.qmp.timeoutMs, 3 * usual.qmp.timeoutMs);
});

test('an interrupt during start-up is no failure of QEMU', async (t) => {
  await using qemu = await fakeQemu('setInterval(() => {}, 1000);');
  const abort = new AbortController();
  const launching = launch(qemu.file, MACHINE, { signal: abort.signal });
  abort.abort();
  await t.throwsAsync(launching, { instanceOf: InterruptedError });
});

test('the port is that of the SSH forward', (t) => {
  const usernet = [
    'Hub -1 (net):',
    '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
    '  TCP[HOST_FORWARD]   8       127.0.0.1 38222       10.0.2.15   222     0     0',
    '  TCP[HOST_FORWARD]   9       127.0.0.1 38403       10.0.2.15    22     0     0',
  ].join('\r\n');
  t.is(parseSshPort(usernet), 38403);
  t.throws(() => parseSshPort('Hub -1 (net):'), { instanceOf: InfraError });
});

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { BootError, EXIT, InfraError } from '../../errors.ts';
import { buildImage } from '../../image/build.ts';
import { DEFAULT_MACHINE } from '../../qemu/args.ts';
import { bootGuest, type Guest } from '../../stages/bootGuest.ts';
import { checkGuestContract } from '../../stages/guestContract.ts';
import { guestPackages } from '../../stages/makeImage.ts';
import { bootRequest, workspace } from './machine.ts';
import { pinlab, ROOT, readResults, temporaryDirectory } from './pinlab.ts';
import { childrenOf } from './processes.ts';

function console(directory: string) {
  return createWriteStream(join(directory, 'console.log'));
}

/** Of a kernel that there is not. */
const ASKED = { configSha256: '0'.repeat(64), cpus: DEFAULT_MACHINE.cpus };

async function configHash({ ssh }: Guest): Promise<string> {
  const options = { what: 'hash', timeoutMs: 10_000 };
  return (await ssh.output('zcat /proc/config.gz | sha256sum', options)).slice(0, 64);
}

test('a kernel that panics at boot is a boot error with its console', async (t) => {
  await using directory = await temporaryDirectory();
  const boot = bootGuest(await bootRequest(console(directory.path), ['rdinit=/no-such-init']));
  const error = await t.throwsAsync(boot, { instanceOf: BootError });
  t.regex(error?.output ?? '', /Kernel panic/);
});

test('a guest that never answers ends at its deadline and leaves no QEMU', async (t) => {
  await using directory = await temporaryDirectory();
  // An init that waits for input: the kernel is up, the SSH server is not.
  const request = await bootRequest(console(directory.path), ['rdinit=/bin/cat']);
  const boot = bootGuest({ ...request, timeoutMs: 5_000 });
  const error = await t.throwsAsync(boot, { instanceOf: BootError });
  t.regex(error?.message ?? '', /no word from the guest after 5000 ms/);
  t.deepEqual(await childrenOf(process.pid), []);
});

test('a boot that takes too long is the kernel’s fault, and is said with what to do', async (t) => {
  await using directory = await temporaryDirectory();
  // No host is so fast that the kernel which checks itself boots in a second.
  const options = ['--flavour', 'debug', '--boot-timeout', '1', '--output', directory.path];
  const { code, stderr } = await pinlab(['run', 'device', ...options]);
  t.is(code, EXIT.failed, stderr);
  t.regex(stderr, /the guest did not become ready: no word from the guest after 1000 ms/);
  t.regex(stderr, /what to do: console\.log .*--boot-timeout/);
  t.is((await readResults(directory.path)).summary.exitCode, EXIT.failed);
  const asked = await readFile(join(directory.path, 'hang.txt'), 'utf8');
  t.regex(asked, /^awaited: a guest that is ready for tests; .* after 1000 ms/);
});

test('an image whose SSH server does not start says so', async (t) => {
  await using directory = await temporaryDirectory();
  const request = await bootRequest(console(directory.path));
  const imagesDir = join(directory.path, 'images');
  await cp(join(ROOT, 'images'), imagesDir, { recursive: true });
  await writeFile(join(imagesDir, 'dropbear.args'), '-r /no/such/key -p not-a-port\n');
  const { directory: packagesDir } = await guestPackages(workspace, () => undefined);
  const outDir = directory.path;
  const { initramfs } = await buildImage({ packagesDir, imagesDir, modules: [], outDir });
  const machine = { ...request.machine, initrd: initramfs };
  const boot = bootGuest({ ...request, machine });
  const error = await t.throwsAsync(boot, { instanceOf: BootError });
  t.regex(error?.message ?? '', /the guest did not become ready: .*dropbear/);
});

test('what the guest prints is kept in the console log', async (t) => {
  await using directory = await temporaryDirectory();
  const request = await bootRequest(console(directory.path));
  {
    await using guest = await bootGuest(request);
    t.is(
      (await guest.ssh.output('uname -m', { what: 'ask', timeoutMs: 10_000 })).trim(),
      'aarch64',
    );
    const seen = guest.console.until('a-word-of-ours', 5_000);
    await guest.ssh.output('echo a-word-of-ours > /dev/kmsg', { what: 'say', timeoutMs: 10_000 });
    t.true(await seen);
  }
  await new Promise((resolve) => request.consoleFile.end(resolve));
  t.regex(await readFile(join(directory.path, 'console.log'), 'utf8'), /a-word-of-ours/);
});

test('a guest that is not the one that was built is refused before its first test', async (t) => {
  await using directory = await temporaryDirectory();
  const request = await bootRequest(console(directory.path));
  await using guest = await bootGuest(request);
  const check = checkGuestContract(guest, ASKED, workspace.signal);
  const error = await t.throwsAsync(check, { instanceOf: InfraError });
  t.regex(error?.message ?? '', /config\.gz is not the configuration that was built/);
});

test('a guest whose kernel cannot use all CPUs is refused', async (t) => {
  await using directory = await temporaryDirectory();
  const request = await bootRequest(console(directory.path), ['maxcpus=1']);
  await using guest = await bootGuest(request);
  const asked = { ...ASKED, configSha256: await configHash(guest) };
  const check = checkGuestContract(guest, asked, workspace.signal);
  const error = await t.throwsAsync(check, { instanceOf: InfraError });
  t.regex(error?.message ?? '', /it uses 1 of 2 CPUs/);
});

test('a guest without the test device is refused with the driver’s own words', async (t) => {
  await using directory = await temporaryDirectory();
  const request = await bootRequest(console(directory.path));
  const { testDevice: _, ...machine } = request.machine;
  await using guest = await bootGuest({ ...request, machine });
  const asked = { ...ASKED, configSha256: await configHash(guest) };
  const check = checkGuestContract(guest, asked, workspace.signal);
  const error = await t.throwsAsync(check, { instanceOf: InfraError });
  t.regex(error?.message ?? '', /dma_testdev-0 is not there/);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { BootError, InfraError, InterruptedError } from '../../errors.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import { makeKeys } from '../../image/keys.ts';
import { DEFAULT_MACHINE } from '../../qemu/args.ts';
import type { Splat } from '../../schema/results.ts';
import { ConsoleLogs } from '../../stages/consoleLogs.ts';
import { bootTestGuest, restoreTestGuest, type TestGuestRequest } from '../../stages/testGuest.ts';
import { fakeQemu } from '../qemu/fakeQemu.ts';

const PORTS = `serveQmp(connect('qmp'));
connect('console');
const ready = connect('ready');
`;
const READY = `${PORTS}ready.write('ready 0.71\\n');`;

/** Of a guest that is given a fraction of the usual time. */
const SNAPSHOT = {
  ...{ path: '/state', slowdown: 1, within: (ms: number) => ms / 20 },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Guests of a QEMU that does what `program` says; `asked` is why their kernels were asked. */
async function guestsOf(program: string, signal = new AbortController().signal) {
  await using scope = new AsyncDisposableStack();
  const qemu = scope.use(await fakeQemu(program));
  const directory = scope.use(await temporaryDirectory('test'));
  const asked: string[] = [];
  const splats: Splat[] = [];
  const watchdog = {
    report: async (_: unknown, hang: { awaited: string }) => asked.push(hang.awaited),
  };
  const machine = { ...DEFAULT_MACHINE, kernel: 'Image', initrd: 'initramfs' };
  const { hostPublicKey, clientKey } = makeKeys();
  const request = {
    machine: { qemu: qemu.file, machine, hostPublicKey, clientKey, timeoutMs: 60_000, signal },
    ...{ programs: directory.path, configSha256: '', logs: new ConsoleLogs(directory.path) },
    watchdog,
    onSplats: async (found: readonly Splat[]) => splats.push(...found),
  } as unknown as TestGuestRequest;
  const owned = scope.move();
  return { request, asked, splats, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('the kernel of a guest that is ready and lets nobody in is asked', async (t) => {
  await using guests = await guestsOf(READY);
  await t.throwsAsync(bootTestGuest(guests.request), { instanceOf: InfraError });
  t.is(guests.asked.length, 1);
  t.regex(guests.asked[0] ?? '', /^a guest that is ready for tests; connect to the guest by SSH: /);
});

test('so is that of one that does not answer where its snapshot was taken', async (t) => {
  await using guests = await guestsOf(PORTS);
  const restoring = restoreTestGuest(guests.request, SNAPSHOT);
  await t.throwsAsync(restoring, { instanceOf: InfraError });
  t.deepEqual(guests.asked, [
    'a guest that starts from a snapshot; ' +
      'a guest that was restored from a snapshot did not answer within 500 ms',
  ]);
});

test('what the kernel of a guest reported that did not become ready is told', async (t) => {
  const says =
    "const said = connect('console'); said.write('WARNING: CPU: 0 PID: 1 at mm/gup.c:1 f+0x1/0x2\\n');";
  await using guests = await guestsOf(`serveQmp(connect('qmp'));
connect('ready');
${says}
setTimeout(() => process.exit(0), 500);`);
  await t.throwsAsync(bootTestGuest(guests.request), { instanceOf: BootError });
  t.deepEqual(
    guests.splats.map(({ kind, test: during }) => [kind, during]),
    [['warning', null]],
  );
});

test('an interrupt is no hang', async (t) => {
  const interrupt = new AbortController();
  await using guests = await guestsOf(PORTS, interrupt.signal);
  const booting = bootTestGuest(guests.request);
  setTimeout(() => interrupt.abort(), 500);
  await t.throwsAsync(booting, { instanceOf: InterruptedError });
  t.deepEqual(guests.asked, []);
});

// SPDX-License-Identifier: MIT
import { loadState } from '../qemu/migration.ts';
import { launch } from '../qemu/vm.ts';
import type { Built } from '../stages/buildAll.ts';
import { ConsoleLogs } from '../stages/consoleLogs.ts';
import { testMachine } from '../stages/machine.ts';
import { takeSnapshot } from '../stages/snapshot.ts';
import { bootTestGuest, restoreTestGuest } from '../stages/testGuest.ts';
import { Watchdog } from '../stages/watchdog.ts';
import { type Pair, timed } from './pairs.ts';

/** Restores of a guest until a command can run, each beside QEMU alone until it has loaded the same state. */
export async function restorePairs(built: Built, scratch: string, rounds: number): Promise<Pair[]> {
  const { signal } = new AbortController();
  const request = testGuestRequest(built, scratch, signal);
  await using scope = new AsyncDisposableStack();
  const booted = await bootTestGuest(request);
  const snapshot = scope.use(await takeSnapshot(booted.guest, booted.watch, { signal }));
  await booted[Symbol.asyncDispose]();
  const { machine } = request.machine;
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await using restored = await restoreTestGuest(request, snapshot);
    const floor = await timed(async () => {
      await using vm = await launch(built.qemu.binary, machine, { beginning: 'awaitState' });
      vm.console.resume();
      await loadState(vm.qmp, snapshot.path, { timeoutMs: 60_000 });
    });
    pairs.push({ ours: restored.guest.bootMs, floor });
  }
  return pairs;
}

function testGuestRequest(
  { qemu, kernel, image, guestTests }: Built,
  scratch: string,
  signal: AbortSignal,
) {
  const machine = testMachine({ kernel: kernel.image, initrd: image.initramfs });
  const { hostPublicKey, clientKey } = image;
  return {
    machine: {
      ...{ qemu: qemu.binary, machine, hostPublicKey, clientKey, signal },
      timeoutMs: 60_000,
    },
    ...{ programs: guestTests.directory, configSha256: kernel.configSha256 },
    watchdog: new Watchdog({ directory: scratch, kernelConfig: kernel.config }),
    logs: new ConsoleLogs(scratch),
    onSplats: () => Promise.resolve(),
  };
}

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { TEST_DEVICE_ID } from '../../qemu/args.ts';
import type { Vm } from '../../qemu/vm.ts';
import { bootGuest } from '../../stages/bootGuest.ts';
import { GUEST_DIRECTORY } from '../../stages/buildGuestTests.ts';
import { bootRequest, built, workspace } from './machine.ts';
import { temporaryDirectory } from './pinlab.ts';

/** 256 pages, eight times. */
const STALLS = 2048;
const PROGRAM = `${GUEST_DIRECTORY}/faults -r count.stalls_are_smmu_events_and_page_requests`;

// That test asserts inside the guest that the device's stalls, the SMMU's event interrupts and the
// page faults that the kernel handled agree; here are the counts of the other side.
test('device and SMMU count as many stalls as the kernel answers', async (t) => {
  await using directory = await temporaryDirectory();
  const consoleFile = createWriteStream(join(directory.path, 'console.log'));
  await using guest = await bootGuest(await bootRequest(consoleFile));
  const options = { what: 'count stalls', timeoutMs: 60_000, signal: workspace.signal };
  await guest.ssh.upload((await built()).guestTests.directory, GUEST_DIRECTORY, options);
  const before = await counts(guest.vm);
  t.regex(await guest.ssh.output(PROGRAM, options), /^ok 1 /m);
  const after = await counts(guest.vm);
  const moved = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]);
  t.deepEqual(Object.fromEntries(moved), {
    'device stalls': STALLS,
    'device retries': STALLS,
    'SMMU stalls': STALLS,
    'SMMU retries': STALLS,
    'SMMU events': STALLS,
    'SMMU ignored resumes': 0,
  });
});

async function counts({ qmp }: Vm): Promise<Record<string, number>> {
  const device = await qmp.counters(TEST_DEVICE_ID);
  const smmu = await qmp.smmuEvents();
  return {
    'device stalls': (device.stalls ?? 0) + (device['ring-stalls'] ?? 0),
    'device retries': device.retries ?? 0,
    'SMMU stalls': smmu.stalls ?? 0,
    'SMMU retries': smmu.retries ?? 0,
    'SMMU events': smmu.recorded ?? 0,
    'SMMU ignored resumes': smmu['ignored-resumes'] ?? 0,
  };
}

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { describe, type Ending } from '../guest/ending.ts';
import { loginShell, runAttached, type Streams } from '../guest/terminal.ts';
import { bootGuest, type Guest } from './bootGuest.ts';
import { type Built, buildAll } from './buildAll.ts';
import { checkGuestContract } from './guestContract.ts';
import { ensureHost } from './hostTools.ts';
import type { KernelChoice } from './kernelRequest.ts';
import { type MachineChoice, testMachine } from './machine.ts';
import type { Workspace } from './workspace.ts';

export interface ShellRequest {
  workspace: Workspace;
  choice: KernelChoice;
  machine: MachineChoice;
  /** An existing directory for the console log. */
  output: string;
  bootTimeoutMs: number;
  /** A directory of the host whose files the guest gets. */
  share?: string | undefined;
  /** A command line; without it a login shell on the user's terminal, of the kind `term`. */
  command?: string | undefined;
  term: string;
  streams: Streams;
  /** Called once the guest awaits commands. */
  onReady: (guest: Guest) => void;
}

/** Where the guest has the test programs and the files of the host. */
export const GUEST_DIRECTORIES = { tests: '/tests', host: '/host' };
/** What ssh(1) exits with when the connection broke. */
const CONNECTION_LOST = 255;
const SIGNALLED = 128;
const UPLOAD_TIMEOUT_MS = 600_000;

/** Boots a guest with the device in it and gives the user a shell there; returns its exit code. */
export async function openShell(request: ShellRequest): Promise<number> {
  const { workspace, choice, output, command, term, streams } = request;
  await ensureHost(workspace);
  const built = await buildAll(workspace, choice, { suites: [] });
  const consoleFile = createWriteStream(join(output, 'console.log'));
  try {
    await using guest = await boot(request, built, consoleFile);
    await prepare(guest, request, built);
    request.onReady(guest);
    const ending =
      command === undefined
        ? await loginShell(guest.ssh, term, streams)
        : await runAttached(guest.ssh, command, streams);
    if (ending.how === 'lost') streams.stderr.write(obituary(ending, guest));
    return exitCodeOf(ending);
  } finally {
    await finished(consoleFile.end());
  }
}

function boot(
  { workspace, machine, bootTimeoutMs }: ShellRequest,
  { qemu, kernel, image }: Built,
  consoleFile: ReturnType<typeof createWriteStream>,
): Promise<Guest> {
  const { hostPublicKey, clientKey, initramfs } = image;
  return bootGuest({
    ...{ qemu: qemu.binary, hostPublicKey, clientKey, consoleFile, timeoutMs: bootTimeoutMs },
    machine: testMachine({ kernel: kernel.image, initrd: initramfs, ...machine }),
    signal: workspace.signal,
  });
}

async function prepare(guest: Guest, { workspace, machine, share }: ShellRequest, built: Built) {
  const options = { timeoutMs: guest.within(UPLOAD_TIMEOUT_MS), signal: workspace.signal };
  const asked = { configSha256: built.kernel.configSha256, cpus: machine.cpus };
  await checkGuestContract(guest, asked, workspace.signal);
  const what = 'copy the test programs into the guest';
  await guest.ssh.upload(built.guestTests.directory, GUEST_DIRECTORIES.tests, { what, ...options });
  if (share === undefined) return;
  const copying = `copy ${share} into the guest`;
  await guest.ssh.upload(share, GUEST_DIRECTORIES.host, { what: copying, ...options });
}

/** The exit code that a shell would give: the command's own, 128 and the signal, or ssh's 255. */
export function exitCodeOf(ending: Ending): number {
  if (ending.how === 'exited') return ending.code;
  if (ending.how !== 'killed') return CONNECTION_LOST;
  const signals: Record<string, number> = constants.signals;
  return SIGNALLED + (signals[`SIG${ending.signal}`] ?? signals[ending.signal] ?? 0);
}

function obituary(ending: Ending, { console }: Guest): string {
  return `\npinlab: the session ${describe(ending)}; the console's end:\n${console.tail()}\n`;
}

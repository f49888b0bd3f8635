// SPDX-License-Identifier: MIT
import { copyFile, cp, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '../host/temporary.ts';
import { type Config, parseConfig } from '../kernel/config.ts';
import type { Emit } from '../schema/events.ts';
import { type Built, buildAll } from './buildAll.ts';
import { ConsoleLogs } from './consoleLogs.ts';
import { decodeSplats } from './decodeSplats.ts';
import { type Detector, selectDetectors } from './detectors.ts';
import { ensureHost } from './hostTools.ts';
import type { KernelChoice } from './kernelRequest.ts';
import { testMachine } from './machine.ts';
import { causeId, type Observation, observe, soundId } from './observe.ts';
import { DEFAULT_POLICY } from './runPolicy.ts';
import { runTests } from './runTests.ts';
import type { PlannedTest } from './testPlan.ts';
import { TestRecord } from './testRecord.ts';
import { Watchdog } from './watchdog.ts';
import type { Workspace } from './workspace.ts';

export interface SelfTestRequest {
  workspace: Workspace;
  choice: KernelChoice;
  /** Only causes that match this regular expression. */
  grep?: string | undefined;
  /** An existing directory for the console log. */
  output: string;
  emit: Emit;
}

export interface SelfTest {
  observations: Observation[];
  /** Detectors that this kernel is not configured with. */
  notOffered: Detector[];
  /** How much the memory of the harness grew while guests printed without end. */
  grewMiB: number;
}

/** How much it may grow: what QEMU's pipes, the parsers and the garbage collector keep at most. */
export const MAX_GROWTH_MIB = 256;

const PROGRAM = 'causes';
/** A test that needs nothing but the device. */
const SOUND = { program: 'device', name: 'device.nop_moves_nothing' };
const TIMEOUT_MS = 90_000;
const ENDLESS_TIMEOUT_MS = 10_000;
const BOOT_TIMEOUT_MS = 120_000;

/** Makes everything happen that pinlab claims to notice, and says what it noticed. */
export async function selfTest(request: SelfTestRequest): Promise<SelfTest> {
  const { workspace, choice, emit } = request;
  const selected = selectDetectors(request.grep);
  await ensureHost(workspace);
  const built = await buildAll(workspace, choice, { suites: [] });
  const config = parseConfig(await readFile(built.kernel.config, 'utf8'));
  const offered = selected.filter((detector) => isOffered(detector, config));
  emit({ type: 'runStart', planned: offered.flatMap(idsOf) });
  const record = new TestRecord(emit, (splats) => decodeSplats(workspace, built.kernel, splats));
  const grewMiB = await causeAll(request, built, offered, record);
  return {
    observations: offered.map((detector) => observe(detector, record.tests, record.splats)),
    notOffered: selected.filter((detector) => !isOffered(detector, config)),
    grewMiB,
  };
}

/** Causes all of it into `record`; returns what the endless ones cost in memory. */
async function causeAll(
  request: SelfTestRequest,
  built: Built,
  detectors: readonly Detector[],
  record: TestRecord,
): Promise<number> {
  await using programs = await gatherPrograms(request.workspace.root, built);
  const logs = new ConsoleLogs(request.output);
  const guests = { ...request, built, programs: programs.path, logs };
  const { ending = [], endless = [] } = Object.groupBy(detectors, (detector) =>
    detector.endless ? 'endless' : 'ending',
  );
  await runCauses(guests, ending, TIMEOUT_MS, record);
  using memory = watchMemory();
  await runCauses(guests, endless, ENDLESS_TIMEOUT_MS, record);
  return memory.grewMiB;
}

function isOffered({ needs }: Detector, config: Config): boolean {
  return needs === undefined || config.get(needs) === 'y';
}

function idsOf({ cause }: Detector): string[] {
  return [causeId(cause), soundId(cause)];
}

/** Each cause, and after it a test that is sound. */
function plan(detectors: readonly Detector[]): PlannedTest[] {
  return detectors.flatMap(({ cause }) => [
    { id: causeId(cause), program: PROGRAM, name: cause },
    { id: soundId(cause), ...SOUND },
  ]);
}

/** The guest programs, and beside them what makes the causes happen. */
async function gatherPrograms(
  root: string,
  { guestTests, kernel }: Built,
): Promise<TemporaryDirectory> {
  await using scope = new AsyncDisposableStack();
  const { path } = scope.use(await temporaryDirectory('selftest'));
  await cp(guestTests.directory, path, { recursive: true, verbatimSymlinks: true });
  await copyFile(join(root, 'guest-tests/selftest', PROGRAM), join(path, PROGRAM));
  await copyFile(kernel.selftest, join(path, basename(kernel.selftest)));
  const owned = scope.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Guests extends SelfTestRequest {
  built: Built;
  programs: string;
  logs: ConsoleLogs;
}

async function runCauses(
  { workspace, output, built, programs, logs }: Guests,
  detectors: readonly Detector[],
  testTimeoutMs: number,
  record: TestRecord,
) {
  const { qemu, kernel, image } = built;
  const { hostPublicKey, clientKey, initramfs } = image;
  const machine = testMachine({ kernel: kernel.image, initrd: initramfs });
  await runTests(
    {
      machine: {
        ...{ qemu: qemu.binary, machine, hostPublicKey, clientKey, signal: workspace.signal },
        timeoutMs: BOOT_TIMEOUT_MS,
      },
      ...{ tests: plan(detectors), programs, configSha256: kernel.configSha256 },
      // The sound test that follows a cause runs in the same guest, unless the cause ended it.
      ...{ policy: { ...DEFAULT_POLICY, isolation: 'none' }, jobs: 1, durations: new Map() },
      watchdog: new Watchdog({ directory: output, kernelConfig: kernel.config }),
      ...{ testTimeoutMs, logs },
    },
    record,
  );
}

/** Looks at this process's memory every now and then, until disposed. */
function watchMemory(): Disposable & { readonly grewMiB: number } {
  const start = process.memoryUsage.rss();
  let most = start;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 50);
  return {
    get grewMiB() {
      look();
      return Math.round((most - start) / 2 ** 20);
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

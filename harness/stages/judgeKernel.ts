// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { InterruptedError, PinlabError, UsageError } from '../errors.ts';
import { tryLock } from '../host/lock.ts';
import type { Machine } from '../qemu/args.ts';
import type { Emit } from '../schema/events.ts';
import type { Results, Splat } from '../schema/results.ts';
import { bootGuest } from './bootGuest.ts';
import { type Built, buildAll } from './buildAll.ts';
import { decodeSplats } from './decodeSplats.ts';
import { writeBundles } from './failureBundle.ts';
import { ensureHost } from './hostTools.ts';
import type { KernelChoice } from './kernelRequest.ts';
import { testMachine } from './machine.ts';
import { describeRun } from './results.ts';
import { type RunTestsOutcome, runTests } from './runTests.ts';
import type { PlannedTest, Selection } from './testPlan.ts';
import type { Workspace } from './workspace.ts';

export interface JudgeRequest {
  workspace: Workspace;
  /** pinlab's own version, for the record. */
  version: string;
  /** The command line, for the record. */
  command: readonly string[];
  choice: KernelChoice;
  selection: Selection;
  machine: Pick<Machine, 'cpus' | 'memoryMiB'>;
  /** An existing directory for the console log. */
  output: string;
  testTimeoutMs: number;
  bootTimeoutMs: number;
  emit: Emit;
}

export interface Judged {
  results: Results;
  /** The directories with everything about each bad test. */
  bundles: string[];
  /** What ended the run early; the tests that had no verdict by then are lost. */
  error?: PinlabError;
}

/** Builds what is stale, boots the kernel, runs the selected tests, and says what came of it. */
export async function judgeKernel(request: JudgeRequest): Promise<Judged> {
  const { workspace, choice, selection, emit, output } = request;
  const startedAt = new Date();
  await using _ = await claimOutput(output, workspace.signal);
  await ensureHost(workspace);
  const built = await buildAll(workspace, choice, selection);
  const { planned } = built;
  emit({ type: 'runStart', planned: planned.map(({ id }) => id) });
  const machine = testMachine({
    ...{ kernel: built.kernel.image, initrd: built.image.initramfs },
    ...request.machine,
  });
  const outcome: RunTestsOutcome = { tests: [], splats: [], qemuArguments: [] };
  const error = await run(request, built, machine, planned, outcome);
  const { version, command } = request;
  const results = describeRun({
    version,
    command,
    startedAt,
    built,
    machine,
    planned,
    outcome,
    error,
  });
  const { testTimeoutMs, bootTimeoutMs } = request;
  const bundle = { output, results, built, machine, testTimeoutMs, bootTimeoutMs };
  const bundles = await writeBundles(bundle);
  return { results, bundles, ...(error ? { error } : {}) };
}

/** Two runs must not write to the same results. */
async function claimOutput(output: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const claim = await tryLock(join(output, '.lock'), { what: output, signal });
  if (claim) return claim;
  throw new UsageError(`another run writes to ${output}`, {
    hint: 'give this one a directory of its own: --output DIR',
  });
}

/** Runs the tests into `outcome`; returns what ended the run early. */
async function run(
  request: JudgeRequest,
  { qemu, kernel, image, guestTests }: Built,
  machine: Machine,
  tests: readonly PlannedTest[],
  outcome: RunTestsOutcome,
): Promise<PinlabError | undefined> {
  const { workspace, output, testTimeoutMs, bootTimeoutMs, emit } = request;
  const { signal } = workspace;
  const { hostPublicKey, clientKey } = image;
  const consoleFile = createWriteStream(join(output, 'console.log'));
  const boot = (onLine: (line: string) => void) =>
    bootGuest({
      ...{ qemu: qemu.binary, machine, hostPublicKey, clientKey, consoleFile, onLine, signal },
      timeoutMs: bootTimeoutMs,
    });
  const programs = guestTests.directory;
  try {
    const { configSha256 } = kernel;
    const decode = (splats: readonly Splat[]) => decodeSplats(workspace, kernel, splats);
    const given = { tests, programs, configSha256, boot, decode, testTimeoutMs, emit, signal };
    await runTests(given, outcome);
    return undefined;
  } catch (error) {
    if (signal.aborted) return new InterruptedError('interrupted');
    if (error instanceof PinlabError) return error;
    throw error;
  } finally {
    await finished(consoleFile.end());
  }
}

// SPDX-License-Identifier: MIT
import { asPinlabError, InterruptedError, type PinlabError } from '../errors.ts';
import type { Machine } from '../qemu/args.ts';
import type { Emit } from '../schema/events.ts';
import type { Results } from '../schema/results.ts';
import type { Durations } from './batches.ts';
import { type Built, buildAll, type ExtendGuestTests } from './buildAll.ts';
import { ConsoleLogs } from './consoleLogs.ts';
import { CoverageCollector } from './coverage.ts';
import { decodeSplats } from './decodeSplats.ts';
import { writeBundles } from './failureBundle.ts';
import { ensureHost } from './hostTools.ts';
import { guestsThatFit } from './jobs.ts';
import { checkChoice, type KernelChoice } from './kernelRequest.ts';
import { type MachineChoice, testMachine } from './machine.ts';
import { readResults } from './readResults.ts';
import { describeRun } from './results.ts';
import { claimOutput, forgetEarlier, setAside } from './runOutput.ts';
import type { RunPolicy } from './runPolicy.ts';
import { type RunTestsRequest, runTests } from './runTests.ts';
import { type Shard, shardOf } from './shard.ts';
import type { Selection } from './testPlan.ts';
import { TestRecord } from './testRecord.ts';
import { durationsOf, readTestTimings, writeTestTimings } from './testTimings.ts';
import { Watchdog } from './watchdog.ts';
import type { Workspace } from './workspace.ts';

export interface JudgeRequest {
  workspace: Workspace;
  /** pinlab's own version, for the record. */
  version: string;
  /** The command line, for the record. */
  command: readonly string[];
  choice: KernelChoice;
  selection: Selection;
  /** Adds to the tests to select from. */
  extend?: ExtendGuestTests | undefined;
  /** Run this part of the selection only. */
  shard?: Shard | undefined;
  /** Results of an earlier run that say how long tests take, instead of what this cache remembers. */
  durations?: string | undefined;
  policy: RunPolicy;
  machine: MachineChoice;
  /** How many guests run side by side; by default as many as fit. */
  jobs?: number | undefined;
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
  // Before what the last run left is touched.
  await checkChoice(choice);
  await using _ = await claimOutput(output, workspace.signal);
  // They may be of the run that was there before.
  const durations = await readDurations(request);
  await setAside(output);
  await ensureHost(workspace);
  const built = await buildAll(workspace, choice, selection, request.extend);
  const planned = request.shard ? shardOf(built.planned, request.shard, durations) : built.planned;
  const machine = testMachine({
    ...{ kernel: built.kernel.image, initrd: built.image.initramfs },
    ...request.machine,
  });
  const { notes } = built.kernel;
  const coverage = notes.size > 0 ? new CoverageCollector(workspace, notes) : undefined;
  const outcome = new TestRecord(emit, (splats) => decodeSplats(workspace, built.kernel, splats));
  const { version, command, policy } = request;
  const ids = built.planned.map(({ id }) => id);
  const shard = request.shard && { ...request.shard, plan: ids };
  const record = { version, command, startedAt, built, machine, planned, outcome, policy, shard };
  emit({ type: 'runStart', planned: planned.map(({ id }) => id), record: describeRun(record) });
  const plan = { tests: planned, durations, coverage };
  const error = await run(request, built, machine, plan, outcome);
  // Shards that run one after the other are cut by the same durations.
  if (!shard) await writeTestTimings(workspace.cache.root, choice.flavour, outcome.tests);
  const results = describeRun({ ...record, coverage: await coverage?.result(), error });
  const { testTimeoutMs, bootTimeoutMs } = request;
  const bundles = await writeBundles({
    ...{ output, results, built, machine, testTimeoutMs, bootTimeoutMs },
  });
  await forgetEarlier(output);
  return { results, bundles, ...(error ? { error } : {}) };
}

async function readDurations({ workspace, choice, durations }: JudgeRequest): Promise<Durations> {
  if (durations === undefined) return readTestTimings(workspace.cache.root, choice.flavour);
  return durationsOf((await readResults(durations)).tests);
}

/** Runs the tests into `outcome`; returns what ended the run early. */
async function run(
  request: JudgeRequest,
  { qemu, kernel, image, guestTests }: Built,
  machine: Machine,
  plan: Pick<RunTestsRequest, 'tests' | 'durations' | 'coverage'>,
  outcome: TestRecord,
): Promise<PinlabError | undefined> {
  const { workspace, output, testTimeoutMs, bootTimeoutMs, policy } = request;
  const { signal } = workspace;
  const { hostPublicKey, clientKey } = image;
  const logs = new ConsoleLogs(output);
  const given = {
    machine: {
      ...{ qemu: qemu.binary, machine, hostPublicKey, clientKey, signal },
      timeoutMs: bootTimeoutMs,
    },
    ...{ ...plan, policy, testTimeoutMs, logs, jobs: request.jobs ?? guestsThatFit(machine) },
    programs: guestTests.directory,
    configSha256: kernel.configSha256,
    watchdog: new Watchdog({ directory: output, kernelConfig: kernel.config }),
  };
  try {
    await runTests(given, outcome);
    return logs.failure;
  } catch (error) {
    if (signal.aborted) return new InterruptedError('interrupted');
    return asPinlabError(error);
  }
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  asPinlabError,
  InfraError,
  InterruptedError,
  type PinlabError,
  UsageError,
} from '../errors.ts';
import { hashFile, hashTree } from '../host/hash.ts';
import { exists } from '../host/paths.ts';
import { commandLine } from '../host/spawn.ts';
import { imageFiles } from '../image/build.ts';
import { type Artifact, type Bundle, bundle as bundleSchema } from '../schema/bundle.ts';
import type { Emit } from '../schema/events.ts';
import { type Results, results as resultsSchema } from '../schema/results.ts';
import { completePlan, summarise } from '../schema/verdict.ts';
import { ConsoleLogs } from './consoleLogs.ts';
import { decodeSplats } from './decodeSplats.ts';
import { claimOutput } from './runOutput.ts';
import { DEFAULT_POLICY } from './runPolicy.ts';
import { runTests } from './runTests.ts';
import { TestRecord } from './testRecord.ts';
import { Watchdog } from './watchdog.ts';
import type { Workspace } from './workspace.ts';

export interface ReplayRequest {
  workspace: Workspace;
  /** A failure bundle. */
  directory: string;
  /** A directory for the console log; made once there is a bundle. */
  output: string;
  /** The command line, for the record. */
  command: readonly string[];
  emit: Emit;
}

export interface Replayed {
  results: Results;
  /** What the bundle recorded of the same test. */
  before: Results;
  error?: PinlabError;
}

/** Runs the test of a failure bundle again, with the very artifacts that it failed with. */
export async function replay(request: ReplayRequest): Promise<Replayed> {
  const { workspace, directory, emit, command, output } = request;
  const startedAt = new Date();
  const { bundle, before } = await readBundle(directory);
  await requireArtifacts(bundle);
  await using _ = await claimOutput(output, workspace.signal);
  const record = new TestRecord(emit, (splats) =>
    decodeSplats(workspace, kernelOf(bundle), splats),
  );
  const describe = (error?: PinlabError) => describeReplay(before, record, startedAt, error);
  emit({
    type: 'runStart',
    planned: [bundle.test.id],
    record: { ...describe(), command: [...command] },
  });
  const error = await run(request, bundle, record);
  const results = { ...describe(error), command: [...command] };
  return { results, before, ...(error ? { error } : {}) };
}

/** The results of the same test on the same machine, as far as they are known. */
function describeReplay(
  before: Results,
  { tests: done, splats, qemuArguments, slowdown }: TestRecord,
  startedAt: Date,
  error?: PinlabError,
): Results {
  // What was so of the run that failed, and not of this one.
  const { error: _, coverage: __, shard: ___, ...same } = before;
  const planned = before.tests.map(({ id }) => id);
  const tests = completePlan(planned, done, error?.message ?? 'never started');
  return {
    ...same,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    machine: { ...before.machine, arguments: [...qemuArguments], slowdown },
    ...{ tests, splats },
    ...(error ? { error: { message: error.message, exitCode: error.exitCode } } : {}),
    summary: summarise(tests, splats, { aborted: error?.exitCode }),
  };
}

async function readBundle(directory: string): Promise<{ bundle: Bundle; before: Results }> {
  const read = async (name: string) => JSON.parse(await readFile(join(directory, name), 'utf8'));
  try {
    return {
      bundle: bundleSchema.parse(await read('bundle.json')),
      before: resultsSchema.parse(await read('results.json')),
    };
  } catch (cause) {
    throw new UsageError(`${directory} is not a failure bundle`, {
      hint: 'name a directory below failures/ of the output of pinlab run',
      cause,
    });
  }
}

/** Nothing is built here: what the cache has lost, or has changed since, is named. */
async function requireArtifacts({ artifacts, command }: Bundle) {
  const named = Object.entries(artifacts);
  const complaints = await Promise.all(named.map(([name, one]) => complaintOf(name, one)));
  const found = complaints.filter((complaint) => complaint !== undefined);
  if (found.length === 0) return;
  throw new InfraError('the cache no longer has what the test failed with', {
    output: found.join('\n'),
    hint: `build it again from the same sources: ${commandLine('npx', command)}`,
  });
}

async function complaintOf(name: string, { path, sha256 }: Artifact): Promise<string | undefined> {
  if (!(await exists(path))) return `${name}: ${path} is missing`;
  const hash = name === 'guestTests' ? await hashTree(path) : await hashFile(path);
  return hash === sha256 ? undefined : `${name}: ${path} is another one now`;
}

function kernelOf({ artifacts, kernelSource }: Bundle) {
  const { vmlinux, driver, selftest } = artifacts;
  const debug = { vmlinux: vmlinux.path, driver: driver.path, selftest: selftest.path };
  return { ...debug, sourceDirectory: kernelSource };
}

async function run(
  { workspace, directory, output }: ReplayRequest,
  bundle: Bundle,
  record: TestRecord,
): Promise<PinlabError | undefined> {
  const { test, artifacts, configSha256, testTimeoutMs } = bundle;
  const { signal } = workspace;
  const logs = new ConsoleLogs(output);
  try {
    await runTests(
      {
        machine: { ...(await bootRequest(bundle)), signal },
        ...{ tests: [testOf(test)], programs: artifacts.guestTests.path, configSha256 },
        ...{ policy: { ...DEFAULT_POLICY, isolation: 'none' }, jobs: 1, durations: new Map() },
        watchdog: new Watchdog({
          directory: output,
          kernelConfig: join(directory, 'kernel.config'),
        }),
        ...{ testTimeoutMs, logs },
      },
      record,
    );
    return logs.failure;
  } catch (error) {
    if (signal.aborted) return new InterruptedError('interrupted');
    return asPinlabError(error);
  }
}

/** The keys are part of the image, beside its initramfs. */
async function bootRequest({ artifacts, machine, bootTimeoutMs }: Bundle) {
  const keys = imageFiles(dirname(artifacts.image.path));
  const { testDevice, ...rest } = machine;
  return {
    qemu: artifacts.qemu.path,
    machine: testDevice ? { ...rest, testDevice } : rest,
    hostPublicKey: (await readFile(keys.hostPublicKey, 'utf8')).trim(),
    clientKey: await readFile(keys.clientKey, 'utf8'),
    timeoutMs: bootTimeoutMs,
  };
}

function testOf({ source, ...test }: Bundle['test']) {
  return source ? { ...test, source } : test;
}

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { InfraError, InterruptedError, PinlabError, UsageError } from '../errors.ts';
import { hashFile, hashTree } from '../host/hash.ts';
import { exists } from '../host/paths.ts';
import { commandLine } from '../host/spawn.ts';
import { imageFiles } from '../image/build.ts';
import { type Artifact, type Bundle, bundle as bundleSchema } from '../schema/bundle.ts';
import type { Emit } from '../schema/events.ts';
import { type Results, results as resultsSchema } from '../schema/results.ts';
import { completePlan, summarise } from '../schema/verdict.ts';
import { bootGuest } from './bootGuest.ts';
import { decodeSplats } from './decodeSplats.ts';
import { type RunTestsOutcome, runTests } from './runTests.ts';
import type { Workspace } from './workspace.ts';

export interface ReplayRequest {
  workspace: Workspace;
  /** A failure bundle. */
  directory: string;
  /** An existing directory for the console log. */
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
  const { directory, emit, command } = request;
  const startedAt = new Date();
  const { bundle, before } = await readBundle(directory);
  await requireArtifacts(bundle);
  emit({ type: 'runStart', planned: [bundle.test.id] });
  const outcome: RunTestsOutcome = { tests: [], splats: [], qemuArguments: [] };
  const error = await run(request, bundle, outcome);
  const tests = completePlan([bundle.test.id], outcome.tests, error?.message ?? 'never started');
  const results: Results = {
    ...before,
    ...{ command: [...command], startedAt: startedAt.toISOString() },
    durationMs: Date.now() - startedAt.getTime(),
    machine: { ...before.machine, arguments: [...outcome.qemuArguments] },
    ...{ tests, splats: outcome.splats },
    summary: summarise(tests, outcome.splats, error?.exitCode),
  };
  return { results, before, ...(error ? { error } : {}) };
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

async function run(
  { workspace, output, emit }: ReplayRequest,
  bundle: Bundle,
  outcome: RunTestsOutcome,
): Promise<PinlabError | undefined> {
  const { test, artifacts, configSha256, testTimeoutMs } = bundle;
  const { signal } = workspace;
  const { vmlinux, driver, selftest } = artifacts;
  const debug = { vmlinux: vmlinux.path, driver: driver.path, selftest: selftest.path };
  const kernel = { ...debug, sourceDirectory: bundle.kernelSource };
  const consoleFile = createWriteStream(join(output, 'console.log'));
  const request = { ...(await bootRequest(bundle)), consoleFile, signal };
  try {
    await runTests(
      {
        ...{ tests: [testOf(test)], programs: artifacts.guestTests.path, configSha256 },
        boot: (onLine) => bootGuest({ ...request, onLine }),
        decode: (splats) => decodeSplats(workspace, kernel, splats),
        ...{ testTimeoutMs, emit, signal },
      },
      outcome,
    );
    return undefined;
  } catch (error) {
    if (signal.aborted) return new InterruptedError('interrupted');
    if (error instanceof PinlabError) return error;
    throw error;
  } finally {
    await finished(consoleFile.end());
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

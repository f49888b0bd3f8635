// SPDX-License-Identifier: MIT
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../host/hash.ts';
import { exists } from '../host/paths.ts';
import { commandLine } from '../host/spawn.ts';
import type { Machine } from '../qemu/args.ts';
import { type Artifact, BUNDLE_SCHEMA, type Bundle } from '../schema/bundle.ts';
import type { Results, Splat, TestResult } from '../schema/results.ts';
import { concludeTest, decidingAttempt, isBad, withSplats } from '../schema/verdict.ts';
import type { Built } from './buildAll.ts';
import { copyConsole } from './consoleExcerpt.ts';
import { consoleName } from './consoleLogs.ts';

export interface BundleRequest {
  /** The run's own directory, with its console logs. */
  output: string;
  results: Results;
  built: Built;
  machine: Machine;
  testTimeoutMs: number;
  bootTimeoutMs: number;
}

/** Below a run's output, a directory for each test that made it red. */
export const FAILURES = 'failures';

/** Writes a bundle for each bad test, in place of those of an earlier run; returns their directories. */
export async function writeBundles(request: BundleRequest): Promise<string[]> {
  const { output, results } = request;
  const directory = join(output, FAILURES);
  await rm(directory, { recursive: true, force: true });
  // A test that was never started has nothing to tell or to replay.
  const started = results.tests.filter(({ attempts }) => attempts.length > 0);
  const bad = started.map((test) => asFailed(test, results)).filter(isBad);
  const artifacts = bad.length > 0 ? await artifactsOf(request.built) : undefined;
  const written = bad.map(async (test) => {
    const to = join(directory, directoryName(test.id));
    if (artifacts) await writeBundle(request, test, artifacts, to);
    return to;
  });
  return Promise.all(written);
}

/** `test` as the kernel's reports during it leave it: one that a retry healed is as it was before. */
function asFailed(test: TestResult, { splats }: Results): TestResult {
  const { id, attempts, source } = test;
  const isRed = splats.some((splat) => splat.test === id && splat.allowed === undefined);
  const telling = attempts.findLast(isBad) ?? decidingAttempt(attempts);
  if (isBad(test) || !isRed || !telling) return test;
  const failed = concludeTest(id, [withSplats(telling, id, splats)], splats);
  return { ...failed, ...(source ? { source } : {}) };
}

/** A test's id as the name of a directory. */
export function directoryName(id: string): string {
  return id.replaceAll(/[^\w.-]+/g, '_');
}

async function writeBundle(
  request: BundleRequest,
  test: TestResult,
  artifacts: Bundle['artifacts'],
  to: string,
) {
  const { output, results, built } = request;
  const splats = results.splats.filter((splat) => splat.test === test.id);
  await mkdir(to, { recursive: true });
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await writeFile(join(to, 'bundle.json'), json(describe(request, test, artifacts)));
  await writeFile(join(to, 'results.json'), json({ ...results, tests: [test], splats }));
  await writeFile(join(to, 'ktap.txt'), ktapOf(test));
  await writeFile(join(to, 'splats.txt'), splats.map(splatText).join('\n'));
  const line = commandLine(built.qemu.binary, results.machine.arguments);
  await writeFile(join(to, 'qemu-command.txt'), `${line}\n`);
  await copyFile(built.kernel.config, join(to, 'kernel.config'));
  const { guest = 1, diagnostics = [] } = decidingAttempt(test.attempts) ?? {};
  await copyConsole(join(output, consoleName(guest)), test.id, join(to, 'console.log'));
  await copyHangs(output, diagnostics, to);
}

/** A report of the watchdog, by which the diagnostics of a test that hung name it. */
const HANG = /: (hang(?:-\d+)?\.txt)$/;

async function copyHangs(output: string, diagnostics: readonly string[], to: string) {
  const named = new Set(diagnostics.flatMap((line) => HANG.exec(line)?.slice(1) ?? []));
  for (const name of named) {
    // A guest can print such a name as well.
    if (await exists(join(output, name))) await copyFile(join(output, name), join(to, name));
  }
}

function describe(
  { built, machine, results, testTimeoutMs, bootTimeoutMs }: BundleRequest,
  { id, program, name, source }: TestResult,
  artifacts: Bundle['artifacts'],
): Bundle {
  const { testDevice, ...rest } = machine;
  return {
    schema: BUNDLE_SCHEMA,
    test: { id, program, name, ...(source ? { source } : {}) },
    command: results.command,
    artifacts,
    kernelSource: built.kernel.sourceDirectory,
    configSha256: built.kernel.configSha256,
    machine: {
      ...rest,
      ...{ devices: [...rest.devices], append: [...rest.append], extra: [...rest.extra] },
      ...(testDevice ? { testDevice } : {}),
    },
    ...{ testTimeoutMs, bootTimeoutMs },
  };
}

async function artifactsOf({
  qemu,
  kernel,
  image,
  guestTests,
}: Built): Promise<Bundle['artifacts']> {
  const hashed = async (path: string): Promise<Artifact> => ({
    path,
    sha256: await hashFile(path),
  });
  return {
    qemu: { path: qemu.binary, sha256: qemu.sha256 },
    kernel: { path: kernel.image, sha256: kernel.imageSha256 },
    vmlinux: await hashed(kernel.vmlinux),
    driver: await hashed(kernel.driver),
    selftest: await hashed(kernel.selftest),
    image: { path: image.initramfs, sha256: image.sha256 },
    guestTests: { path: guestTests.directory, sha256: guestTests.sha256 },
  };
}

/** What the test said, as the KTAP that it amounts to. */
function ktapOf({ name, status, reason, attempts }: TestResult): string {
  const lines = attempts.flatMap(({ diagnostics }) => diagnostics);
  const comments = lines.map((line) => (line.startsWith('#') ? line : `# ${line}`));
  const data = `${status}${reason ? `: ${reason}` : ''}`;
  return ['KTAP version 1', '1..1', ...comments, `not ok 1 ${name} # ${data}`, ''].join('\n');
}

function splatText({ title, fingerprint, frames, text }: Splat): string {
  const trace = frames.map(({ symbol, offset, module, file, line }) => {
    const place = file ? ` (${file}:${line})` : '';
    return `  ${symbol}${offset ? `+${offset}` : ''}${place}${module ? ` [${module}]` : ''}`;
  });
  return [title, `fingerprint ${fingerprint}`, ...trace, '', text, ''].join('\n');
}

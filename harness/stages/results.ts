// SPDX-License-Identifier: MIT
import type { PinlabError } from '../errors.ts';
import type { Machine } from '../qemu/args.ts';
import type { Coverage } from '../schema/coverage.ts';
import {
  RESULTS_SCHEMA,
  type Results,
  type Splat,
  smmuHttu,
  smmuStall,
} from '../schema/results.ts';
import { completePlan, summarise } from '../schema/verdict.ts';
import type { Built } from './buildAll.ts';
import type { KernelArtifact } from './buildKernel.ts';
import type { QemuArtifact } from './buildQemu.ts';
import type { RunPolicy } from './runPolicy.ts';
import type { PlannedTest } from './testPlan.ts';
import type { TestRecord } from './testRecord.ts';

export interface RunRecord {
  version: string;
  command: readonly string[];
  startedAt: Date;
  built: Built;
  machine: Machine;
  planned: readonly PlannedTest[];
  /** Which part of which plan it was, where it was a part. */
  shard: Results['shard'];
  policy: Pick<RunPolicy, 'flaky'>;
  outcome: Pick<TestRecord, 'tests' | 'splats' | 'qemuArguments' | 'slowdown' | 'notStarted'>;
  /** Which lines ran, where that was counted. */
  coverage?: Coverage | undefined;
  /** What ended the run early, if anything did. */
  error?: PinlabError | undefined;
}

/** The results document of one run. */
export function describeRun(record: RunRecord): Results {
  const { built, planned, outcome, error, startedAt, policy, shard } = record;
  const ids = planned.map(({ id }) => id);
  const tests = completePlan(ids, outcome.tests, error?.message ?? outcome.notStarted);
  return {
    schema: RESULTS_SCHEMA,
    pinlab: { version: record.version },
    command: [...record.command],
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    inputs: describeInputs(built),
    machine: describeMachine(record.machine, outcome),
    ...(shard ? { shard } : {}),
    tests,
    splats: inOrderOf(ids, outcome.splats),
    ...(record.coverage ? { coverage: record.coverage } : {}),
    ...(error ? { error: { message: error.message, exitCode: error.exitCode } } : {}),
    summary: summarise(tests, outcome.splats, { aborted: error?.exitCode, flaky: policy.flaky }),
  };
}

/** Guests that run side by side report in no particular order. */
function inOrderOf(ids: readonly string[], splats: readonly Splat[]): Splat[] {
  const place = new Map<string | null, number>(ids.map((id, i) => [id, i]));
  return splats.toSorted((a, b) => (place.get(a.test) ?? -1) - (place.get(b.test) ?? -1));
}

function describeInputs({ kernel, qemu, image, guestTests }: Built): Results['inputs'] {
  return {
    kernel: describeKernel(kernel),
    qemu: describeQemu(qemu),
    image: { sha256: image.sha256, packages: image.packages },
    guestTests: { sha256: guestTests.sha256 },
  };
}

/** A kernel, as results name it. */
export function describeKernel(kernel: KernelArtifact): Results['inputs']['kernel'] {
  const { source, flavour, series, configSha256, imageSha256, compiler } = kernel;
  return {
    source: source.pristine ? `linux-source-${source.base}` : source.directory,
    version: source.version,
    ...(source.commit === undefined ? {} : { commit: source.commit }),
    ...{ flavour, series, configSha256, imageSha256, compiler },
  };
}

/** A QEMU, as results name it. */
export function describeQemu({
  version,
  patches,
  sha256,
}: QemuArtifact): Results['inputs']['qemu'] {
  return { version, patches, sha256 };
}

function describeMachine(
  machine: Machine,
  { qemuArguments, slowdown }: RunRecord['outcome'],
): Results['machine'] {
  const { cpu, cpus, memoryMiB, smmu } = machine;
  return {
    ...{ cpu, cpus, memoryMiB },
    accelerator: 'tcg',
    ...(slowdown === undefined ? {} : { slowdown }),
    smmu: {
      ssidBits: Number(smmu.ssidsize ?? 0),
      stall: smmuStall.parse(smmu.stall ?? 'off'),
      oasBits: Number(smmu.oas ?? 44),
      httu: smmuHttu.parse(smmu.httu ?? 0),
    },
    arguments: [...qemuArguments],
  };
}

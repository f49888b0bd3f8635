// SPDX-License-Identifier: MIT
import { asPinlabError, InfraError, InterruptedError, type PinlabError } from '../errors.ts';
import type { OurSeries } from '../kernel/ourSeries.ts';
import {
  type ExpectedMatrix,
  MATRIX_SCHEMA,
  type Matrix,
  type MatrixCell,
} from '../schema/matrix.ts';
import {
  brokenPromises,
  changesOf,
  doubtPrevented,
  summariseMatrix,
} from '../schema/matrixVerdict.ts';
import type { Splat } from '../schema/results.ts';
import { buildGuestTests, type GuestTestsArtifact } from './buildGuestTests.ts';
import { buildKernel, type KernelArtifact } from './buildKernel.ts';
import { buildQemu, type QemuArtifact } from './buildQemu.ts';
import { ConsoleLogs } from './consoleLogs.ts';
import { decodeSplats } from './decodeSplats.ts';
import { cellsOf, fillCells } from './fillCells.ts';
import { ensureHost } from './hostTools.ts';
import { guestsThatFit, hostRoom } from './jobs.ts';
import { resolveKernel } from './kernelRequest.ts';
import { testMachine } from './machine.ts';
import { type ImageArtifact, makeImage } from './makeImage.ts';
import {
  type MatrixJob,
  type MatrixPlan,
  type MatrixSelection,
  matrixMachine,
  planMatrix,
} from './matrixPlan.ts';
import { describeKernel, describeQemu } from './results.ts';
import { claimOutput } from './runOutput.ts';
import { sideBySide } from './sideBySide.ts';
import { Watchdog } from './watchdog.ts';
import type { Workspace } from './workspace.ts';

export interface MatrixRequest {
  workspace: Workspace;
  /** pinlab's own version, for the record. */
  version: string;
  /** The command line, for the record. */
  command: readonly string[];
  selection: MatrixSelection;
  expected: ExpectedMatrix;
  /** An existing directory for the consoles. */
  output: string;
  /** How many guests run side by side; by default as many as fit. */
  jobs?: number | undefined;
  bootTimeoutMs: number;
  /** Called with each row as soon as its cells are known. */
  onRow: (cells: readonly MatrixCell[]) => void;
}

export interface FilledMatrix {
  matrix: Matrix;
  /** What ended the run early; the cells that were not filled by then are lost. */
  error?: PinlabError;
}

/** A kernel with what boots it. */
interface Bootable {
  kernel: KernelArtifact;
  image: ImageArtifact;
  guestTests: GuestTestsArtifact;
}

/** Builds what is stale, fills the chosen cells, and compares them with what is checked in. */
export async function fillMatrix(request: MatrixRequest): Promise<FilledMatrix> {
  const { workspace, output, selection } = request;
  const startedAt = new Date();
  await using _ = await claimOutput(output, workspace.signal);
  await ensureHost(workspace);
  const qemu = await buildQemu(workspace);
  const plan = await planOf(workspace, selection);
  const kernels = await buildKernels(workspace, plan.jobs);
  const record = new MatrixRecord(plan, request.onRow);
  const jobs = request.jobs ?? guestsThatFit(testMachine({ kernel: '', initrd: '' }));
  const host = { cpus: hostRoom().cpus, jobs: Math.min(jobs, plan.jobs.length) };
  const error = await fill({ ...request, jobs: host.jobs }, plan, kernels, qemu, record);
  const matrix = describe(request, { plan, kernels, qemu, record, startedAt, host, error });
  return { matrix, ...(error ? { error } : {}) };
}

async function planOf(workspace: Workspace, selection: MatrixSelection): Promise<MatrixPlan> {
  const base = selection.bases[0] ?? '';
  const choice = { kernel: base, series: 'ours', flavour: 'base', fragments: [] } as const;
  const { cells } = await buildGuestTests(workspace, await resolveKernel(workspace, choice));
  const plan = planMatrix(cells, selection);
  if (plan.rows.length > 0 && plan.columns.length > 0) return plan;
  throw new InfraError('no cell matches: nothing ran', {
    hint: 'docs/results/matrix.md has the names of all rows and columns',
  });
}

/** Each kernel that a job needs, built once. */
async function buildKernels(workspace: Workspace, jobs: readonly MatrixJob[]) {
  const kernels = new Map<string, Bootable>();
  for (const { base, series } of jobs) {
    const key = kernelKey(base, series);
    if (kernels.has(key)) continue;
    const choice = { kernel: base, series, flavour: 'base', fragments: [] };
    const request = await resolveKernel(workspace, choice);
    const guestTests = await buildGuestTests(workspace, request);
    const kernel = await buildKernel(workspace, request);
    kernels.set(key, { kernel, guestTests, image: await makeImage(workspace, kernel.driver) });
  }
  return kernels;
}

function kernelKey(base: string, series: OurSeries): string {
  return `${base} ${series}`;
}

/** What is known so far; it grows with every row, so that nothing is lost when the run ends early. */
class MatrixRecord {
  readonly splats: Splat[] = [];
  readonly #rows = new Map<string, readonly MatrixCell[]>();
  readonly #plan: MatrixPlan;
  readonly #onRow: MatrixRequest['onRow'];

  constructor(plan: MatrixPlan, onRow: MatrixRequest['onRow']) {
    this.#plan = plan;
    this.#onRow = onRow;
  }

  add(job: MatrixJob, cells: readonly MatrixCell[]) {
    this.#rows.set(rowKey(job, cells[0]?.row ?? ''), cells);
    this.#onRow(cells);
  }

  /** Every planned cell; what was never filled is lost because of `why`. */
  cells(why: string): MatrixCell[] {
    return this.#plan.jobs.flatMap((job) =>
      job.rows.flatMap(
        (row) => this.#rows.get(rowKey(job, row.name)) ?? cellsOf(job.machine, row, [], why),
      ),
    );
  }
}

function rowKey({ machine, series }: MatrixJob, row: string): string {
  return [machine, series, row].join('/');
}

/** Fills the cells into `record`; returns what ended the run early. */
async function fill(
  request: MatrixRequest & { jobs: number },
  plan: MatrixPlan,
  kernels: ReadonlyMap<string, Bootable>,
  qemu: QemuArtifact,
  record: MatrixRecord,
): Promise<PinlabError | undefined> {
  const { workspace, output } = request;
  const logs = new ConsoleLogs(output);
  const waiting = [...plan.jobs];
  try {
    await sideBySide(request.jobs, workspace.signal, async (signal) => {
      for (let job = waiting.shift(); job; job = waiting.shift())
        await fillJob({ ...request, signal }, job, kernels, qemu, record, logs);
    });
    return logs.failure;
  } catch (error) {
    if (workspace.signal.aborted) return new InterruptedError('interrupted');
    return asPinlabError(error);
  }
}

async function fillJob(
  { workspace, output, bootTimeoutMs, signal }: MatrixRequest & { signal: AbortSignal },
  job: MatrixJob,
  kernels: ReadonlyMap<string, Bootable>,
  qemu: QemuArtifact,
  record: MatrixRecord,
  logs: ConsoleLogs,
) {
  const { kernel, image, guestTests } = kernels.get(kernelKey(job.base, job.series)) as Bootable;
  const { hostPublicKey, clientKey, initramfs } = image;
  const machine = matrixMachine(job, { kernel: kernel.image, initrd: initramfs });
  await fillCells({
    job,
    machine: {
      ...{ qemu: qemu.binary, machine, hostPublicKey, clientKey, signal },
      timeoutMs: bootTimeoutMs,
    },
    ...{ programs: guestTests.directory, configSha256: kernel.configSha256, logs },
    watchdog: new Watchdog({ directory: output, kernelConfig: kernel.config }),
    onRow: (cells) => record.add(job, cells),
    onSplats: async (splats) => {
      record.splats.push(...(await decodeSplats(workspace, kernel, splats)));
    },
  });
}

interface Filled {
  plan: MatrixPlan;
  kernels: ReadonlyMap<string, Bootable>;
  qemu: QemuArtifact;
  record: MatrixRecord;
  startedAt: Date;
  host: Matrix['host'];
  error: PinlabError | undefined;
}

function describe(
  { version, command, expected }: MatrixRequest,
  { plan, kernels, qemu, record, startedAt, host, error }: Filled,
): Matrix {
  const cells = doubtPrevented(record.cells(error?.message ?? 'never started'));
  const changes = changesOf(cells, expected);
  const broken = brokenPromises(cells, plan.rows, expected);
  const { splats } = record;
  const built = [...kernels.values()];
  const hashes = new Set(built.map(({ guestTests }) => guestTests.sha256));
  return {
    schema: MATRIX_SCHEMA,
    pinlab: { version },
    command: [...command],
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    host,
    inputs: {
      kernels: built.map(({ kernel }) => describeKernel(kernel)),
      qemu: describeQemu(qemu),
      guestTests: [...hashes].map((sha256) => ({ sha256 })),
    },
    ...{ machines: plan.machines, rows: plan.rows, columns: plan.columns },
    ...{ cells, splats, changes, broken },
    ...(error ? { error: error.message } : {}),
    summary: summariseMatrix({ cells, changes, broken, splats }, error?.exitCode),
  };
}

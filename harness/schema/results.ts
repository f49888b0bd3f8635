// SPDX-License-Identifier: MIT

import { z } from 'zod';
import { coverage } from './coverage.ts';

/** The version of the document; a change that breaks a reader gets a new number. */
export const RESULTS_SCHEMA = 'pinlab.results/1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
const hashedFile = z.strictObject({ name: z.string(), sha256 });

/** `lost` is every test's first status: it was planned, and nothing is known about it. */
export const testStatus = z.enum(['pass', 'fail', 'skip', 'lost']);

const sourceLine = z.strictObject({
  file: z.string(),
  line: z.int().positive(),
});

/** One function of a call trace, innermost first. `file` and `line` appear once it is decoded. */
export const frame = z.strictObject({
  symbol: z.string(),
  offset: z
    .string()
    .regex(/^0x[0-9a-f]+$/)
    .optional(),
  module: z.string().optional(),
  file: z.string().optional(),
  line: z.int().positive().optional(),
  /** The lines around `line`, of which `first` is the number of the first. */
  source: z.strictObject({ first: z.int().positive(), lines: z.array(z.string()) }).optional(),
  /** Where the repository has that line: in a file that the series adds, or in a patch. */
  repository: sourceLine.optional(),
});

/** One report that the kernel printed about itself, or that a guest did not answer after its last test. */
export const splat = z.strictObject({
  kind: z.string(),
  title: z.string(),
  fingerprint: z.string(),
  /** The test during which its first line appeared; null outside every test. */
  test: z.string().nullable(),
  text: z.string(),
  frames: z.array(frame),
  /** Why this splat is no failure, where the allow list has an entry for it. */
  allowed: z.string().optional(),
});

/** What the device counted, read over QMP, outside the guest; null where the guest was lost. */
const counters = z.record(z.string(), count).nullable();

/** One execution of a test; `--retries` and `--repeat-each` make several. */
export const attempt = z.strictObject({
  status: testStatus,
  /** Which of the repetitions it belongs to, from 1; absent where there is one. */
  repetition: z.int().positive().optional(),
  durationMs: milliseconds,
  reason: z.string().optional(),
  diagnostics: z.array(z.string()),
  counters: counters.optional(),
  /** What the SMMU recorded meanwhile, by the names of docs/smmuv3.md. */
  smmu: counters.optional(),
  /** Which guest of the run it ran in, from 1: guest 3 has its console in `console-3.log`. */
  guest: z.int().positive().optional(),
  /** The signal that ended QEMU meanwhile: the host's, as of its OOM killer, or that of QEMU's own crash. */
  qemuEndedBy: z.string().optional(),
});

/** A test's verdict: the last attempt of its worst repetition decides it. */
export const testResult = z.strictObject({
  /** `program:fixture.variant.test`, stable across runs. */
  id: z.string(),
  program: z.string(),
  name: z.string(),
  status: testStatus,
  reason: z.string().optional(),
  durationMs: milliseconds,
  source: sourceLine.optional(),
  attempts: z.array(attempt),
  /** Those of the attempt that decided. */
  counters,
  /** Fingerprints of the splats that appeared during the test. */
  splats: z.array(z.string()),
});

/** Everything that went into the run, so that equal inputs can be recognised. */
export const inputs = z.strictObject({
  kernel: z.strictObject({
    source: z.string(),
    version: z.string(),
    /** What a developer's git tree was at; after a plus, the hash of what was edited since. */
    commit: z
      .string()
      .regex(/^[0-9a-f]{40,64}(\+[0-9a-f]{64})?$/)
      .optional(),
    flavour: z.string(),
    series: z.array(hashedFile),
    configSha256: sha256,
    imageSha256: sha256,
    compiler: z.string(),
  }),
  qemu: z.strictObject({ version: z.string(), patches: z.array(hashedFile), sha256 }),
  image: z.strictObject({
    sha256,
    packages: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  }),
  guestTests: z.strictObject({ sha256 }),
});

/** IDR0.STALL_MODEL of the SMMU: 1, 0 or 2. */
export const smmuStall = z.enum(['off', 'on', 'forced']);

/** IDR0.HTTU: 0 nothing, 1 the access flag, 2 dirty state as well. */
export const smmuHttu = z.union([z.literal(0), z.literal(1), z.literal(2)]);

/** The machine that was emulated. */
export const machine = z.strictObject({
  cpu: z.string(),
  cpus: z.int().positive(),
  memoryMiB: z.int().positive(),
  accelerator: z.string(),
  /** What every timeout was multiplied by, measured at boot; absent where nothing booted. */
  slowdown: z.number().min(1).optional(),
  smmu: z.strictObject({
    ssidBits: count,
    stall: smmuStall,
    oasBits: z.int().positive(),
    httu: smmuHttu,
  }),
  arguments: z.array(z.string()),
});

const exitCode = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(130)]);

export const summary = z.strictObject({
  passed: count,
  failed: count,
  skipped: count,
  lost: count,
  /** Of those that passed: tests that did so only after an attempt that did not. */
  flaky: count,
  /** Splats that no allow list entry excuses. */
  splats: count,
  exitCode,
});

/** The part of a run that `--shard` chose. */
const shard = z.strictObject({
  index: z.int().positive(),
  total: z.int().positive(),
  /** Every test of the whole run, in its order. */
  plan: z.array(z.string()),
});

/** `results/results.json`: every reporter shows what is in it and nothing else. */
export const results = z.strictObject({
  schema: z.literal(RESULTS_SCHEMA),
  pinlab: z.strictObject({ version: z.string() }),
  command: z.array(z.string()),
  startedAt: z.iso.datetime(),
  durationMs: milliseconds,
  inputs,
  machine,
  /** Absent for a whole run. */
  shard: shard.optional(),
  tests: z.array(testResult),
  splats: z.array(splat),
  /** Present if `--coverage` asked for it. */
  coverage: coverage.optional(),
  /** What ended the run before every test had its verdict. */
  error: z.strictObject({ message: z.string(), exitCode }).optional(),
  summary,
});

export type TestStatus = z.infer<typeof testStatus>;
export type Frame = z.infer<typeof frame>;
export type Splat = z.infer<typeof splat>;
export type Attempt = z.infer<typeof attempt>;
export type TestResult = z.infer<typeof testResult>;
export type Inputs = z.infer<typeof inputs>;
export type MachineRecord = z.infer<typeof machine>;
export type Summary = z.infer<typeof summary>;
export type Results = z.infer<typeof results>;

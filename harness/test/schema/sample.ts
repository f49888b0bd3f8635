// SPDX-License-Identifier: MIT

import { RESULTS_SCHEMA, type Results, type Splat, type TestResult } from '../../schema/results.ts';
import { summarise } from '../../schema/verdict.ts';

const SHA = 'a'.repeat(64);

/** A test result with the fields that a unit test cares about. */
export function sampleTest(fields: Partial<TestResult> = {}): TestResult {
  const name = fields.name ?? 'pin.base.no_stalls';
  const program = fields.program ?? 'mempinfd';
  const status = fields.status ?? 'pass';
  const reason = fields.reason === undefined ? {} : { reason: fields.reason };
  return {
    id: `${program}:${name}`,
    program,
    name,
    status,
    durationMs: 12,
    attempts: [{ status, durationMs: 12, diagnostics: [], ...reason }],
    counters: { stalls: 0, translations: 16 },
    splats: [],
    ...fields,
  };
}

/** A splat with the fields that a unit test cares about. */
export function sampleSplat(fields: Partial<Splat> = {}): Splat {
  return {
    kind: 'warning',
    title: 'WARNING in mempinfd_pin',
    fingerprint: 'warning-0123456789ab',
    test: 'mempinfd:pin.base.no_stalls',
    text: 'WARNING: CPU: 0 PID: 1 at mm/mempinfd.c:10 mempinfd_pin+0x10/0x20',
    frames: [{ symbol: 'mempinfd_pin', offset: '0x10', file: 'mm/mempinfd.c', line: 10 }],
    ...fields,
  };
}

/** The results of a run with these tests and splats. */
export function sampleResults(tests: TestResult[], splats: Splat[] = []): Results {
  return {
    schema: RESULTS_SCHEMA,
    pinlab: { version: '0.1.0' },
    command: ['pinlab', 'run'],
    startedAt: '2026-11-22T20:00:00.000Z',
    durationMs: 4200,
    inputs: {
      kernel: {
        source: '6.12',
        version: '6.12.117',
        flavour: 'base',
        series: [{ name: '0001-mm-add-mempinfd.patch', sha256: SHA }],
        configSha256: SHA,
        imageSha256: SHA,
        compiler: 'aarch64-linux-gnu-gcc 14.2.0',
      },
      qemu: { version: '10.0.13', patches: [], sha256: SHA },
      image: { sha256: SHA, packages: [{ name: 'busybox-static', version: '1.37.0-6' }] },
      guestTests: { sha256: SHA },
    },
    machine: {
      cpu: 'max',
      cpus: 2,
      memoryMiB: 1024,
      accelerator: 'tcg',
      smmu: { ssidBits: 16, stall: 'on', oasBits: 44, httu: 0 },
      arguments: ['-machine', 'virt'],
    },
    tests,
    splats,
    summary: summarise(tests, splats),
  };
}

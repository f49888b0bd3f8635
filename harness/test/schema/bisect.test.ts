// SPDX-License-Identifier: MIT
import test from 'ava';
import {
  BootError,
  BuildError,
  InfraError,
  InterruptedError,
  MismatchError,
  UsageError,
} from '../../errors.ts';
import { bisectCode, bisectCodeOfError } from '../../schema/bisect.ts';
import type { Results } from '../../schema/results.ts';
import { lostTest, summarise } from '../../schema/verdict.ts';
import { sampleResults, sampleSplat, sampleTest } from './sample.ts';

const passed = sampleTest();
const failed = sampleTest({ name: 'other', status: 'fail' });
const skipped = sampleTest({ name: 'third', status: 'skip' });
const died = sampleTest({ name: 'fourth', status: 'lost' });
const killed = sampleTest({
  ...{ name: 'sixth', status: 'lost' },
  attempts: [{ status: 'lost', durationMs: 1, diagnostics: [], qemuEndedBy: 'SIGKILL' }],
});
const unfinished = sampleTest({
  ...{ name: 'seventh', status: 'lost', reason: 'not finished after 1 attempts: no guest starts' },
  attempts: [{ status: 'pass', durationMs: 1, diagnostics: [] }],
});
const neverStarted = lostTest('pin:fifth', 'never started');
const splat = sampleSplat({ fingerprint: 'warning-wanted', test: null });
const otherSplat = sampleSplat({ fingerprint: 'oops-other', test: null });

const RUNS: [string, Results, { any: number; wanted: number }][] = [
  ['all passed', sampleResults([passed, skipped]), { any: 0, wanted: 0 }],
  ['a test failed', sampleResults([passed, failed]), { any: 1, wanted: 125 }],
  ['a guest died in a test', sampleResults([passed, died]), { any: 1, wanted: 125 }],
  ['a signal ended a QEMU', sampleResults([passed, killed]), { any: 125, wanted: 125 }],
  ['nothing passed', sampleResults([skipped]), { any: 125, wanted: 125 }],
  ['a test never started', sampleResults([passed, neverStarted]), { any: 125, wanted: 125 }],
  ['a repetition could not start', sampleResults([passed, unfinished]), { any: 125, wanted: 125 }],
  ['the wanted report', sampleResults([passed], [splat]), { any: 125, wanted: 1 }],
  ['the wanted report in a failure', sampleResults([failed], [splat]), { any: 1, wanted: 1 }],
  ['another report', sampleResults([passed], [otherSplat]), { any: 125, wanted: 125 }],
  [
    'the user interrupts',
    { ...sampleResults([failed]), summary: summarise([failed], [], { aborted: 130 }) },
    { any: 130, wanted: 130 },
  ],
];

for (const [what, results, { any, wanted }] of RUNS) {
  test(`where ${what}`, (t) => {
    t.is(bisectCode(results), any, 'without a fingerprint');
    t.is(bisectCode(results, 'warning-wanted'), wanted, 'with one');
  });
}

test('a tree that does not build, boot or take an option is skipped; a broken host stops all', (t) => {
  const codes = [
    new BuildError('build the kernel: make exited with 2', { output: 'error: expected ;' }),
    new BootError('no word from the guest'),
    new MismatchError('1 requested kernel option(s) did not survive'),
    new BuildError('build the kernel', { output: 'ld: final link: No space left on device' }),
    new InfraError('gcc is not installed'),
    new UsageError('there is no suite pim'),
    new InterruptedError('interrupted'),
    new TypeError('a mistake of ours'),
  ].map(bisectCodeOfError);
  t.deepEqual(codes, [125, 125, 125, 128, 128, 128, 128, 128]);
});

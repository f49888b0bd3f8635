// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import type { TestResult, TestStatus } from '../../schema/results.ts';
import { DEFAULT_POLICY } from '../../stages/runPolicy.ts';
import { untilVerdict } from '../../stages/untilVerdict.ts';
import { sampleSplat } from '../schema/sample.ts';

const PLANNED = { id: 'pin:works', program: 'pin', name: 'works' };

/** Attempts with these statuses; after them no guest starts. */
function until(statuses: readonly TestStatus[], policy: Partial<typeof DEFAULT_POLICY>) {
  const recorded: TestResult[] = [];
  const attempt = async (number: number) => {
    const status = statuses[number - 1];
    if (status === undefined) throw new InfraError('no guest starts');
    const splats = status === 'fail' ? [sampleSplat({ test: PLANNED.id })] : [];
    return { attempt: { status, durationMs: 1, diagnostics: [], reason: `${number}` }, splats };
  };
  const given = { attempt, cleanUp: () => Promise.resolve() };
  const add = (result: TestResult) => recorded.push(result);
  const result = untilVerdict(PLANNED, { ...DEFAULT_POLICY, ...policy }, given, { add });
  return { result, recorded };
}

test('a test ends with all its attempts, and nothing is recorded twice', async (t) => {
  const { result, recorded } = until(['fail', 'pass'], { retries: 2 });
  t.like(await result, { status: 'pass', attempts: { length: 2 }, splats: { length: 1 } });
  t.deepEqual(recorded, []);
});

test('a failure stands although the guest for its retry does not start', async (t) => {
  const { result, recorded } = until(['fail'], { retries: 2 });
  await t.throwsAsync(result, { instanceOf: InfraError, message: 'no guest starts' });
  t.is(recorded.length, 1);
  t.like(recorded[0], { status: 'fail', reason: '1', attempts: { length: 1 } });
});

test('repetitions that held are kept, and are no pass while others are missing', async (t) => {
  const { result, recorded } = until(['pass', 'pass'], { repeatEach: 3 });
  await t.throwsAsync(result);
  t.like(recorded[0], { status: 'lost', attempts: { length: 2 } });
  t.regex(recorded[0]?.reason ?? '', /^not finished after 2 attempts: no guest starts$/);
});

test('a test that never ran is not recorded', async (t) => {
  const { result, recorded } = until([], {});
  await t.throwsAsync(result);
  t.deepEqual(recorded, []);
});

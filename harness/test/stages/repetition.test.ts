// SPDX-License-Identifier: MIT
import test from 'ava';
import type { TestStatus } from '../../schema/results.ts';
import { nextRepetition, type RepetitionOptions } from '../../stages/repetition.ts';

/** The repetitions that attempts with these statuses belong to, in their order. */
function repetitions(
  statuses: readonly TestStatus[],
  given: Omit<RepetitionOptions, 'onFailure'> & Partial<RepetitionOptions>,
): number[] {
  const options = { onFailure: 'continue', ...given } as const;
  const attempts: { status: TestStatus; repetition: number }[] = [];
  for (const status of statuses) {
    const repetition = nextRepetition(attempts, options);
    if (repetition !== undefined) attempts.push({ status, repetition });
  }
  return attempts.map(({ repetition }) => repetition);
}

const plenty = (status: TestStatus) => Array<TestStatus>(20).fill(status);

test('a test runs once unless more is asked for', (t) => {
  const once = { repeatEach: 1, retries: 0 };
  for (const status of ['pass', 'fail', 'skip', 'lost'] as const) {
    t.deepEqual(repetitions(plenty(status), once), [1], status);
  }
});

test('a test is repeated whether or not it holds', (t) => {
  t.deepEqual(repetitions(plenty('pass'), { repeatEach: 3, retries: 0 }), [1, 2, 3]);
  t.deepEqual(repetitions(plenty('fail'), { repeatEach: 3, retries: 0 }), [1, 2, 3]);
});

test('only what failed or was lost is retried, and no more often than allowed', (t) => {
  const options = { repeatEach: 1, retries: 2 };
  t.deepEqual(repetitions(plenty('fail'), options), [1, 1, 1]);
  t.deepEqual(repetitions(['lost', 'pass', 'pass'], options), [1, 1]);
  t.deepEqual(repetitions(plenty('skip'), options), [1]);
});

test('each repetition has retries of its own', (t) => {
  const options = { repeatEach: 2, retries: 1 };
  t.deepEqual(repetitions(plenty('fail'), options), [1, 1, 2, 2]);
  t.deepEqual(repetitions(['fail', 'pass', 'fail', 'pass'], options), [1, 1, 2, 2]);
  t.deepEqual(repetitions(['pass', 'fail', 'pass'], options), [1, 2, 2]);
});

test('with fail-fast nothing follows a repetition that failed, once it has had its retries', (t) => {
  const options = { repeatEach: 3, retries: 1, onFailure: 'stop' } as const;
  t.deepEqual(repetitions(plenty('fail'), options), [1, 1]);
  t.deepEqual(repetitions(['pass', 'lost', 'lost', 'pass'], options), [1, 2, 2]);
  t.deepEqual(repetitions(['fail', 'pass', 'pass', 'pass'], options), [1, 1, 2, 3]);
});

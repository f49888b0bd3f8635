// SPDX-License-Identifier: MIT

import test from 'ava';
import { type Reporter, report } from '../../report/reporter.ts';
import { sampleResults } from '../schema/sample.ts';

const end = { type: 'runEnd', results: sampleResults([]) } as const;

test('reporters hear an event in their order, before report() returns', (t) => {
  const heard: string[] = [];
  const reporter = (name: string): Reporter => ({ runStart: () => void heard.push(name) });
  void report([reporter('a'), {}, reporter('b')], {
    type: 'runStart',
    planned: [],
    record: sampleResults([]),
  });
  t.deepEqual(heard, ['a', 'b']);
});

test('a reporter that fails does not silence the next, and its error is thrown', async (t) => {
  const failing: Reporter = {
    runEnd: () => {
      throw new Error('full disk');
    },
  };
  const heard: string[] = [];
  const sound: Reporter = { runEnd: () => void heard.push('end') };
  await t.throwsAsync(report([failing, sound], end), { message: 'full disk' });
  await t.throwsAsync(report([failing, sound, failing], end), { instanceOf: AggregateError });
  t.is(heard.length, 2);
});

test('report() waits for the end of a run', async (t) => {
  let done = false;
  const slow: Reporter = {
    runEnd: async () => {
      await Promise.resolve();
      done = true;
    },
  };
  await report([slow], end);
  t.true(done);
});

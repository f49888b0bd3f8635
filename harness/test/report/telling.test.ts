// SPDX-License-Identifier: MIT

import test from 'ava';
import { Telling } from '../../report/telling.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

const END = { type: 'testEnd', test: sampleTest() } as const;

test('events are told in their order, the next when the one before is', async (t) => {
  const heard: string[] = [];
  const slow = {
    testEnd: () => void heard.push('test'),
    async runEnd() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      heard.push('end');
    },
  };
  const telling = new Telling([slow]);
  telling.tell({ type: 'runEnd', results: sampleResults([]) });
  telling.tell(END);
  await telling.done();
  t.deepEqual(heard, ['end', 'test']);
});

test('reporters hear of what ends a run before there are results, and it is thrown on', async (t) => {
  const heard: unknown[] = [];
  const telling = new Telling([
    {
      runFailed({ error }) {
        heard.push(error);
        throw new Error('full disk');
      },
    },
    { stage: () => void heard.push('stage') },
  ]);
  t.is(await telling.during(Promise.resolve(1)), 1);
  const error = new Error('no');
  t.is(await t.throwsAsync(telling.during(Promise.reject(error))), error);
  t.deepEqual(heard, [error]);
});

test('a reporter that failed hears of what follows, and its first failure is told', async (t) => {
  let heard = 0;
  const failing = {
    testEnd() {
      heard += 1;
      throw new Error(`failure ${heard}`);
    },
  };
  const telling = new Telling([failing]);
  telling.tell(END);
  telling.tell(END);
  await t.throwsAsync(telling.done(), { message: 'failure 1' });
  t.is(heard, 2);
});

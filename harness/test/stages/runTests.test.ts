// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { DEFAULT_POLICY } from '../../stages/runPolicy.ts';
import { type RunTestsRequest, runTests } from '../../stages/runTests.ts';
import { TestRecord } from '../../stages/testRecord.ts';

const TESTS = ['a', 'b'].map((program) => ({ id: `${program}:x`, program, name: 'x' }));

test('without isolation the tests share one guest, however many would fit', async (t) => {
  let opened = 0;
  const open = () => {
    opened += 1;
    throw new InfraError('no guest boots');
  };
  const request = {
    machine: { signal: new AbortController().signal },
    ...{ tests: TESTS, policy: { ...DEFAULT_POLICY, isolation: 'none' } },
    ...{ jobs: 2, durations: new Map(), logs: { open } },
  } as unknown as RunTestsRequest;
  const record = new TestRecord(
    () => undefined,
    async (splats) => [...splats],
  );
  await t.throwsAsync(runTests(request, record), { message: 'no guest boots' });
  t.is(opened, 1);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import type { RunEvent } from '../../schema/events.ts';
import { TestRecord } from '../../stages/testRecord.ts';
import { sampleSplat } from '../schema/sample.ts';

const FOUND = [sampleSplat({ test: null })];

test('a report whose source cannot be had is recorded and told without', async (t) => {
  const events: RunEvent[] = [];
  const failing = () => Promise.reject(new InfraError('cannot start addr2line'));
  const record = new TestRecord((event) => events.push(event), failing);
  t.deepEqual(await record.addSplats(FOUND), FOUND);
  t.deepEqual(record.splats, FOUND);
  t.deepEqual(events, [{ type: 'splat', splat: FOUND[0] }]);
});

test('a bug of ours is thrown on, and costs no report either', async (t) => {
  const record = new TestRecord(
    () => undefined,
    () => Promise.reject(new TypeError('a bug')),
  );
  await t.throwsAsync(record.addSplats(FOUND), { message: 'a bug' });
  t.deepEqual(record.splats, FOUND);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';

/** The full tier runs everything on the newest base; here it must boot, bind the device and pin. */
test('the newest base builds, boots and keeps a pinned buffer from stalling', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--kernel', '7.3', '--output', directory.path];
  const { code, tail } = await pinlab(['run', 'device', 'faults', 'pin', ...options]);
  t.is(code, EXIT.ok, tail);
  const { tests, splats } = await readResults(directory.path);
  t.deepEqual(
    tests.filter(({ status }) => status !== 'pass'),
    [],
  );
  t.deepEqual(splats, []);
});

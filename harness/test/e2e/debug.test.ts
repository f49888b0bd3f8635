// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';

/** The fuzzer's first two seeds do here: ten times as slow, all twenty would outlast the rest. */
const TESTS = '^(?!fuzz:)|^fuzz:sequence\\.seed_[12]\\.';
/** What only a newer kernel has. */
const NOT_ON_THIS_KERNEL = /^unpinnable:cannot_pin\.guard_region\./;

test('every test passes on the kernel that checks itself, which reports nothing', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--flavour', 'debug', '--grep', TESTS, '--output', directory.path];
  const { code, tail } = await pinlab(['run', ...options]);
  t.is(code, EXIT.ok, tail);
  const { tests, splats } = await readResults(directory.path);
  t.deepEqual(
    splats.filter(({ allowed }) => !allowed),
    [],
  );
  // Failing allocations and the search for leaks are of this flavour alone: nothing may skip.
  t.deepEqual(
    tests.filter(({ id, status }) => status !== 'pass' && !NOT_ON_THIS_KERNEL.test(id)),
    [],
  );
});

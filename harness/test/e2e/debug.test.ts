// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';

/**
 * The fuzzer's first seed does here: ten times as slow, all twenty would outlast the rest. So would
 * the cycles that leave no memory behind, of which `leaks` has as many, and a million pins of a page.
 */
const TESTS =
  '^(?!fuzz:|lifetime:.*(?:cycles_leave_no_memory_behind|pinned_only_so_often))|^fuzz:sequence\\.seed_1\\.';
/** What only a newer kernel or another CPU has, this one's padded allocations would spoil, or takes a planted one. */
const NOT_ON_THIS_KERNEL = new RegExp(
  [
    '^unpinnable:cannot_pin\\.guard_region\\.',
    '^cgroup:cgroup\\.records_of_scattered_pages_',
    '^batch:',
    '^exhausted:global\\.no_free_id_is_enospc$',
  ].join('|'),
);

// The other suite, which is about the machine, runs on this kernel in the full tier.
test('every test of the syscall passes on the kernel that checks itself, which reports nothing', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--flavour', 'debug', '--grep', TESTS, '--output', directory.path];
  // Two guests leave no CPU idle while one of them waits.
  const { code, tail } = await pinlab(['run', 'syscall', '--jobs', '2', ...options]);
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

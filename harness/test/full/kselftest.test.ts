// SPDX-License-Identifier: MIT
import test from 'ava';
import type { Results } from '../../schema/results.ts';
import { pinlab, readResults, temporaryDirectory } from '../e2e/pinlab.ts';

/** The kernel's selftests that pins could break. */
const KSELFTESTS = [
  ...['mm:gup_longterm', 'mm:cow', 'mm:ksm_functional_tests', 'mm:migration'],
  ...['mm:mlock2-tests', 'mm:hugetlb-madvise'],
];

/** What the unpatched 6.12 cannot do either: execv() gets an argv without an end, and results come twice. */
const BROKEN_BY_ITSELF = 'kselftest:mm:ksm_functional_tests';

test.serial('the series adds no failure to the kernel’s own selftests', async (t) => {
  const patched = await runKselftests([]);
  const unpatched = await runKselftests(['--no-series']);
  t.is(patched.tests.length, KSELFTESTS.length);
  const known = failures(unpatched);
  t.deepEqual(
    [...failures(patched)].filter((failure) => !known.has(failure)),
    [],
  );
  for (const { id, status, reason, attempts } of patched.tests) {
    if (id !== BROKEN_BY_ITSELF) t.is(status, 'pass', `${id}: ${reason}`);
    t.true(attempts.length > 0);
  }
  t.deepEqual(patched.splats, []);
});

/** migration wants a CPU for each of two threads besides its own. */
async function runKselftests(options: readonly string[]): Promise<Results> {
  await using directory = await temporaryDirectory();
  const names = KSELFTESTS.join(',');
  const machine = ['--cpus', '4', '--output', directory.path];
  await pinlab(['run', '--kselftest', names, ...machine, ...options]);
  return readResults(directory.path);
}

/** Each failed selftest and each failed part of one. */
function failures({ tests }: Results): Set<string> {
  const bad = tests.filter(({ status }) => status === 'fail' || status === 'lost');
  return new Set(
    bad.flatMap(({ id, status, attempts }) => [
      `${status} ${id}`,
      ...(attempts.at(-1)?.diagnostics ?? [])
        .filter((line) => line.startsWith('not ok'))
        .map((line) => `${id} ${line}`),
    ]),
  );
}

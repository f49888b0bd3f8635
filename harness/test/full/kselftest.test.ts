// SPDX-License-Identifier: MIT
import test from 'ava';
import { bases } from '../../kernel/bases.ts';
import type { Results } from '../../schema/results.ts';
import { pinlab, readResults, temporaryDirectory } from '../e2e/pinlab.ts';

/** The kernel's selftests that pins could break. */
const KSELFTESTS = [
  ...['mm:gup_longterm', 'mm:cow', 'mm:ksm_functional_tests', 'mm:migration'],
  ...['mm:mlock2-tests', 'mm:hugetlb-madvise'],
];

for (const { name } of bases) {
  test.serial(`the series adds no failure to the selftests of ${name}`, async (t) => {
    const patched = await runKselftests(['--kernel', name]);
    const unpatched = await runKselftests(['--kernel', name, '--no-series']);
    t.is(patched.tests.length, KSELFTESTS.length);
    const known = failures(unpatched);
    t.deepEqual(
      [...failures(patched)].filter((failure) => !known.has(failure)),
      [],
    );
    const sound = passed(unpatched);
    // Hardly any fails by itself, or there would be little to compare.
    t.true(sound.length >= KSELFTESTS.length - 1, sound.join());
    t.deepEqual(
      sound.filter((id) => !passed(patched).includes(id)),
      [],
    );
    t.deepEqual(patched.splats, []);
  });
}

/** migration wants a CPU for each of two threads besides its own. */
async function runKselftests(options: readonly string[]): Promise<Results> {
  await using directory = await temporaryDirectory();
  const names = KSELFTESTS.join(',');
  const machine = ['--cpus', '4', '--output', directory.path];
  await pinlab(['run', '--kselftest', names, ...machine, ...options]);
  return readResults(directory.path);
}

function passed({ tests }: Results): string[] {
  return tests.filter(({ status }) => status === 'pass').map(({ id }) => id);
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

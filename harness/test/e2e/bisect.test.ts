// SPDX-License-Identifier: MIT
import test from 'ava';
import { FAILING, pinlab, temporaryDirectory, WITH_FAULT, WITHOUT_CALL } from './pinlab.ts';

const CASES: Record<string, [number, string[]]> = {
  'a kernel on which the selected tests pass is good': [0, ['rings']],
  'a kernel on which a selected test fails is bad': [1, ['--grep', `^${FAILING}$`, ...WITH_FAULT]],
  'a kernel without the report is good': [0, ['rings', '--fingerprint', 'warning-0123456789ab']],
  'a kernel that offers nothing to judge is skipped': [
    125,
    ['pin', '--grep', ':pin.', ...WITHOUT_CALL],
  ],
  'a pattern that matches nothing stops the bisection': [128, ['--grep', 'no-such-test']],
  'an option that there is not stops the bisection': [128, ['--no-such-option']],
};

for (const [what, [expected, args]] of Object.entries(CASES)) {
  test(what, async (t) => {
    await using directory = await temporaryDirectory();
    const { code, tail } = await pinlab(['run', '--bisect', '--output', directory.path, ...args]);
    t.is(code, expected, tail);
  });
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory } from '../e2e/pinlab.ts';

/** The suites beyond what every change must pass: other kernels, each with everything it offers. */
const KERNELS: Record<string, readonly string[]> = {
  'the newest base': ['--kernel', '7.3'],
};

for (const [name, options] of Object.entries(KERNELS)) {
  test(`every test passes on ${name}, and the kernel reports nothing`, async (t) => {
    await using directory = await temporaryDirectory();
    const { code, tail } = await pinlab(['run', ...options, '--output', directory.path]);
    t.is(code, EXIT.ok, tail);
    const { summary, splats } = await readResults(directory.path);
    t.deepEqual(splats, []);
    t.like(summary, { failed: 0, lost: 0 });
    t.true(summary.passed > 0);
  });
}

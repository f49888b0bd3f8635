// SPDX-License-Identifier: MIT
import type { ExecutionContext } from 'ava';
import { EXIT } from '../../errors.ts';
import { stalls } from './counters.ts';
import { pinlab, readResults } from './pinlab.ts';

const FIRST_TOUCH = 'faults:first_touch.anon.each_page_stalls_once';

/** The negative control, on a kernel that lacks the system call: its tests skip, and the device still stalls. */
export async function runWithoutPins(
  t: ExecutionContext,
  output: string,
  kernel: readonly string[],
) {
  const options = [...kernel, '--reporter', 'list,ktap,junit,html', '--output', output];
  const { code, stdout, tail } = await pinlab(['run', 'pin', 'pin_args', 'faults', ...options]);
  t.is(code, EXIT.ok, tail);
  const document = await readResults(output);
  const faults = document.tests.filter(({ program }) => program === 'faults');
  const pins = document.tests.filter(({ program }) => program !== 'faults');
  t.true(pins.length > 0);
  for (const { id, status, reason } of pins) {
    t.is(status, 'skip', id);
    t.regex(reason ?? '', /mempinfd\(2\) is not in this kernel/, id);
  }
  t.deepEqual(
    faults.filter(({ status }) => status !== 'pass'),
    [],
  );
  t.true(stalls(document, FIRST_TOUCH) > 0);
  return { document, stdout };
}

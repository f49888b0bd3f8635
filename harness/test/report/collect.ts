// SPDX-License-Identifier: MIT

import { type Reporter, report } from '../../report/reporter.ts';
import type { Results } from '../../schema/results.ts';

/** A stream that keeps what is written to it. */
export class Collected {
  text = '';

  write(text: string) {
    this.text += text;
  }

  get lines(): string[] {
    return this.text.replace(/\n$/, '').split('\n');
  }
}

/** Tells `reporters` of a whole run that came out as `results`. */
export async function replay(reporters: readonly Reporter[], results: Results): Promise<void> {
  await report(reporters, {
    type: 'runStart',
    planned: results.tests.map(({ id }) => id),
    record: results,
  });
  for (const test of results.tests) {
    await report(reporters, { type: 'testStart', id: test.id, attempt: 1 });
    for (const splat of results.splats) {
      if (splat.test === test.id) await report(reporters, { type: 'splat', splat });
    }
    await report(reporters, { type: 'testEnd', test });
  }
  await report(reporters, { type: 'runEnd', results });
}

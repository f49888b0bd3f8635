// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import type { Figure } from '../../schema/bench.ts';
import { agreement, parseFigures } from '../../stages/figures.ts';

const what = { operation: 'PIN', backing: 'anon', state: 'present', amount: 4096 };

function boot(...counts: number[]): Figure[] {
  return counts.map((instructions, index) => ({ ...what, amount: index + 1, instructions }));
}

test('figures are read from a console, whatever the kernel says in between', (t) => {
  const console =
    '[    0.1] Booting\r\nfigure\tio_uring register\tthp\tfirst touch\t2097152\t19998\r\n' +
    '[    0.2] noise\r\nend of figures\r\n';
  t.deepEqual(parseFigures(console), [
    {
      operation: 'io_uring register',
      backing: 'thp',
      state: 'first touch',
      amount: 2097152,
      instructions: 19998,
    },
  ]);
});

test('a guest that ended early has no figures', (t) => {
  const console = 'figure\tPIN\tanon\tpresent\t4096\t1\n[    9.9] Kernel panic\n';
  const error = t.throws(() => parseFigures(console), { instanceOf: InfraError });
  t.regex(error.output ?? '', /Kernel panic/);
});

test('one boot proves nothing', (t) => {
  t.deepEqual(agreement([boot(7)]), {
    figures: [],
    unproven: [{ ...what, amount: 1, counted: [7] }],
  });
});

test('a figure that two boots counted alike is proven, whatever the others say', (t) => {
  t.deepEqual(agreement([boot(7, 1), boot(8, 2), boot(7, 3)]), {
    figures: [{ ...what, amount: 1, instructions: 7 }],
    unproven: [{ ...what, amount: 2, counted: [1, 2, 3] }],
  });
});

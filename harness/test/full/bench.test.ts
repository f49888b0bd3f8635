// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { bench, type Figure } from '../../schema/bench.ts';
import { pinlab, temporaryDirectory } from '../e2e/pinlab.ts';

/** What a pin may cost beyond the plain GUP call that it rests on. */
const BEYOND_GUP = 1.05;
const LARGE = 64 * 2 ** 20;
const HUGE = 2 * 2 ** 20;

test('two boots count every figure alike, and pins cost what they should', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, stdout, tail } = await pinlab(['bench', '--json', '--output', directory.path]);
  t.is(code, EXIT.ok, tail);
  const { figures, unproven } = bench.parse(JSON.parse(stdout));
  t.deepEqual(unproven, []);
  const cost = (operation: string, backing: string, amount: number, state = 'present') =>
    instructions(figures, { operation, backing, amount, state });

  const pin = cost('PIN', 'anon', LARGE);
  t.true(pin < BEYOND_GUP * cost('pin_user_pages_fast', 'anon', LARGE));
  t.true(pin < cost('io_uring register', 'anon', LARGE));
  for (const operation of ['PIN', 'UNPIN']) {
    t.true(10 * cost(operation, 'thp', HUGE) < cost('io_uring register', 'thp', HUGE), operation);
  }
  const ranges = (count: number) => cost('UNPIN', 'anon', count, 'one of so many ranges');
  t.true(ranges(100_000) < 1.1 * ranges(100));
});

function instructions(
  figures: readonly Figure[],
  what: Pick<Figure, 'operation' | 'backing' | 'amount' | 'state'>,
): number {
  const found = figures.find(
    ({ operation, backing, amount, state }) =>
      operation === what.operation &&
      backing === what.backing &&
      amount === what.amount &&
      state === what.state,
  );
  if (!found) throw new Error(`there is no figure for ${JSON.stringify(what)}`);
  return found.instructions;
}

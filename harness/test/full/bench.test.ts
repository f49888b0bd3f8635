// SPDX-License-Identifier: MIT
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../errors.ts';
import { bench, type Figure } from '../../schema/bench.ts';
import { pinlab, temporaryDirectory } from '../e2e/pinlab.ts';

/** What a pin may cost beyond the plain GUP call that it rests on. */
const BEYOND_GUP = 1.05;
/** What the series may cost who does not use it: reclaim looks for pins before it unmaps a folio. */
const BYSTANDER = 1.01;
const LARGE = 64 * 2 ** 20;
const HUGE = 2 * 2 ** 20;

test.serial('two boots count every figure alike, and pins cost what they should', async (t) => {
  const figures = await counted(t);
  const cost = (operation: string, backing: string, amount: number, state = 'present') =>
    instructions(figures, { operation, backing, amount, state });

  for (const backing of ['anon', 'shmem', 'memfd']) {
    const pin = cost('PIN', backing, LARGE);
    t.true(pin < BEYOND_GUP * cost('pin_user_pages_fast', backing, LARGE), backing);
    t.true(pin < cost('io_uring register', backing, LARGE), backing);
    // It pins the same pages, and enters them in page tables besides.
    t.true(pin < cost('iommufd map', backing, LARGE), backing);
  }
  for (const operation of ['PIN', 'UNPIN']) {
    t.true(10 * cost(operation, 'thp', HUGE) < cost('io_uring register', 'thp', HUGE), operation);
  }
  const ranges = (count: number) => cost('UNPIN', 'anon', count, 'one of so many ranges');
  t.true(ranges(100_000) < 1.1 * ranges(100));
});

test.serial(
  'who never pins pays nothing, but for a look at each folio that is reclaimed',
  async (t) => {
    const patched = await counted(t);
    const bystander = (await counted(t, '--no-series')).filter(
      ({ state }) => state === 'never pinned',
    );
    t.true(bystander.length > 10);
    for (const { instructions: unpatched, ...what } of bystander) {
      t.true(instructions(patched, what) < BYSTANDER * unpatched, JSON.stringify(what));
    }
  },
);

async function counted(t: ExecutionContext, ...options: string[]): Promise<Figure[]> {
  await using directory = await temporaryDirectory();
  const args = ['bench', '--json', ...options, '--output', directory.path];
  const { code, stdout, tail } = await pinlab(args);
  t.is(code, EXIT.ok, tail);
  const { figures, unproven } = bench.parse(JSON.parse(stdout));
  t.deepEqual(unproven, []);
  return figures;
}

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

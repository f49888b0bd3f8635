// SPDX-License-Identifier: MIT
import test from 'ava';
import type { Ending } from '../../guest/ending.ts';
import type { MatrixCell } from '../../schema/matrix.ts';
import type { Splat } from '../../schema/results.ts';
import { cellsOf, fillRows } from '../../stages/fillCells.ts';
import { GuestSlot } from '../../stages/guestSlot.ts';
import type { MatrixJob } from '../../stages/matrixPlan.ts';
import { SplatWatch } from '../../stages/splatWatch.ts';
import type { TestGuest } from '../../stages/testGuest.ts';
import type { Hang, Watchdog } from '../../stages/watchdog.ts';

const ROW = {
  name: 'KSM',
  columns: [
    { name: 'none', protection: 'none', series: 'ours-without-mm' as const },
    { name: 'GUP pin', protection: 'gup', series: 'ours-without-mm' as const },
  ],
};
const NONE =
  '{"row":"KSM","column":"none","outcome":"measured","pages":16,"stalls":16,"moved":16,"wrong":false,"aborted":false,"during":{"stalls":16,"moved":16,"aborted":false,"passes":2}}';

test('cells get the names of the matrix', (t) => {
  const gup =
    '{"row":"KSM","column":"gup","outcome":"inconclusive","reason":"the twin was left alone"}';
  const cells = cellsOf('m', ROW, [gup, NONE], 'unused');
  t.deepEqual(
    cells.map(({ column, outcome, machine }) => [column, outcome, machine]),
    [
      ['none', 'measured', 'm'],
      ['GUP pin', 'inconclusive', 'm'],
    ],
  );
});

test('what a guest did not print is lost, what it did is kept', (t) => {
  const [first, second] = cellsOf('m', ROW, [NONE], 'the guest was lost');
  t.is(first?.stalls, 16);
  t.like(second, { outcome: 'lost', reason: 'the guest was lost' });
});

for (const line of [
  'oops',
  '{"row":"KSM","column":"none","outcome":"measured","stalls":-1}',
  '{"row":"another","column":"none","outcome":"measured"}',
  '{"row":"KSM","column":"none","outcome":"splendid"}',
  NONE.slice(0, 40),
  NONE.replace(/,"during":{[^}]*}/, ''),
]) {
  test(`no cell is made of ${line}`, (t) => {
    t.is(cellsOf('m', ROW, [line], 'why')[0]?.outcome, 'lost');
  });
}

/** What becomes of a line that a guest writes to /dev/kmsg. */
type Console = (watch: SplatWatch, printed: string) => void;

const REPORT = '[    1.000000] BUG: workqueue lockup - pool cpus=0';

/** Fills two rows, in as many guests as it takes. */
async function filled(console: Console, ending: Ending = { how: 'exited', code: 0 }) {
  const rows = ['first touch', 'KSM'].map((name) => ({ ...ROW, name, columns: [NONE_COLUMN] }));
  const job = { machine: 'm', rows } as unknown as MatrixJob;
  const seen = {
    guests: 0,
    cells: [] as MatrixCell[],
    splats: [] as Splat[],
    hangs: [] as string[],
    commands: [] as string[],
  };
  const open = async () => {
    seen.guests += 1;
    return rowGuest(console, ending, seen.commands);
  };
  const onSplats = async (splats: readonly Splat[]) => void seen.splats.push(...splats);
  const onRow = (cells: readonly MatrixCell[]) => void seen.cells.push(...cells);
  const report = async (_: unknown, { awaited }: Hang) => seen.hangs.push(awaited);
  const watchdog = { report } as unknown as Watchdog;
  const { signal } = new AbortController();
  await using slot = new GuestSlot({ open, onReports: onSplats, watchdog, signal });
  await fillRows(slot, { job, watchdog, machine: { signal }, onRow, onSplats });
  return seen;
}

const NONE_COLUMN = { name: 'none', protection: 'none', series: 'ours-without-mm' as const };

/** A guest that fills the column `none` of any row. */
function rowGuest(console: Console, ending: Ending, commands: string[]): TestGuest {
  const watch = new SplatWatch('0123');
  async function exec(command: string, { onLine }: { onLine?: (line: string, s: string) => void }) {
    commands.push(command);
    for (const [, text] of command.matchAll(/echo '([^']*)' > \/dev\/kmsg/g)) {
      console(watch, `[    1.000000] ${text}`);
    }
    const row = /\.\/matrix '?(.*?)\/none/.exec(command)?.[1];
    onLine?.(NONE.replace('KSM', row ?? ''), 'stdout');
    return ending;
  }
  const guest = { ssh: { exec }, within: (ms: number) => ms / 100 };
  return {
    guest,
    watch,
    number: 1,
    [Symbol.asyncDispose]: async () => undefined,
  } as unknown as TestGuest;
}

test('rows share a guest as long as nothing is wrong with it', async (t) => {
  const { guests, cells, splats } = await filled((watch, printed) => watch.push(printed));
  t.is(guests, 1);
  t.deepEqual(
    cells.map(({ row, outcome }) => [row, outcome]),
    [
      ['first touch', 'measured'],
      ['KSM', 'measured'],
    ],
  );
  t.deepEqual(splats, []);
});

test('the limit of an attempt is as long as the guest is slow', async (t) => {
  const { commands } = await filled((watch, printed) => watch.push(printed));
  // 20 s in a guest that is a hundred times as fast.
  const fills = commands.filter((command) => command.includes('./matrix'));
  for (const command of fills) t.regex(command, /&& TEST_TIMEOUT=1 \.\/matrix /);
  t.is(fills.length, 2);
});

test('a guest whose kernel has reported fills no other row, even if its console lags behind', async (t) => {
  const { guests, splats } = await filled((watch, printed) => {
    setTimeout(() => {
      if (printed.endsWith('end matrix:first_touch')) watch.push(REPORT);
      watch.push(printed);
    }, 10);
  });
  t.is(guests, 2);
  t.deepEqual(
    splats.map(({ kind, test }) => [kind, test]),
    [['workqueue-lockup', 'matrix:first_touch']],
  );
});

test('a guest whose console is silent costs its row', async (t) => {
  const { guests, cells } = await filled(() => undefined);
  t.is(guests, 2);
  t.deepEqual(
    cells.map(({ outcome }) => outcome),
    ['lost', 'lost'],
  );
  t.regex(cells[0]?.reason ?? '', /console went silent/);
});

test('a guest that hangs keeps what it printed, is asked, and fills no other row', async (t) => {
  const { guests, cells, hangs } = await filled((watch, printed) => watch.push(printed), {
    how: 'timedOut',
    afterMs: 5,
  });
  t.is(guests, 2);
  t.is(cells[0]?.outcome, 'measured');
  t.deepEqual(hangs, ['the end of the row first touch', 'the end of the row KSM']);
});

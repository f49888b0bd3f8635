// SPDX-License-Identifier: MIT
import { commandLine } from '../host/spawn.ts';
import { type MatrixCell, type Measured, measured } from '../schema/matrix.ts';
import { answered } from './answered.ts';
import { GUEST_DIRECTORY } from './buildGuestTests.ts';
import { GuestSlot } from './guestSlot.ts';
import type { MatrixJob } from './matrixPlan.ts';
import { REPORT_TIMEOUT_MS } from './splatWatch.ts';
import { askingOf, bootTestGuest, type TestGuest, type TestGuestRequest } from './testGuest.ts';

const PREPARE_TIMEOUT_MS = 30_000;
/** What the guest gives each attempt at a cell, several of which it may make. */
const ATTEMPT_TIMEOUT_MS = 20_000;
/** The guest ends each cell by itself; this is for a guest that cannot. */
const CELL_TIMEOUT_MS = 150_000;
/** How long the console may lag behind a row that is filled. */
const SETTLE_TIMEOUT_MS = 10_000;

export interface FillRequest extends TestGuestRequest {
  job: MatrixJob;
  /** Called with each row as soon as its cells are known. */
  onRow: (cells: readonly MatrixCell[]) => void;
}

type Row = MatrixJob['rows'][number];

/** Fills the cells of one job. A guest that dies costs the cells of its row that it still owed. */
export async function fillCells(request: FillRequest): Promise<void> {
  await using slot = new GuestSlot({
    open: () => bootPrepared(request),
    onReports: request.onSplats,
    watchdog: request.watchdog,
    signal: request.machine.signal,
  });
  await fillRows(slot, request);
}

/** What of a request is about the rows, in whichever guests. */
type RowsRequest = Pick<FillRequest, 'job' | 'watchdog' | 'onRow' | 'onSplats'> & {
  machine: Pick<FillRequest['machine'], 'signal'>;
};

/** Fills the rows of one job in guests of `slot`, the last of which it ends. */
export async function fillRows(slot: GuestSlot, request: RowsRequest): Promise<void> {
  for (const row of request.job.rows) {
    const on = await slot.use();
    const { cells, guestIsLost } = await fillRow(on, row, request);
    const splats = await on.watch.take(on.guest.within(REPORT_TIMEOUT_MS));
    await request.onSplats(splats);
    request.onRow(cells);
    if (guestIsLost) {
      await request.watchdog.report(on.guest, { awaited: `the end of the row ${row.name}` });
      await slot.drop();
    }
    // What has reported once may be silent from then on: lockdep and KASAN switch themselves off.
    else if (splats.length > 0 || cells.some(isLost)) await slot.retire();
  }
  await slot.clear();
}

function isLost({ outcome }: MatrixCell): boolean {
  return outcome === 'lost';
}

async function bootPrepared(request: FillRequest): Promise<TestGuest> {
  await using scope = new AsyncDisposableStack();
  const on = scope.use(await bootTestGuest(request));
  const { signal } = request.machine;
  const what = 'prepare the guest for the matrix';
  const timeoutMs = on.guest.within(PREPARE_TIMEOUT_MS);
  const command = `cd ${GUEST_DIRECTORY} && ./matrix --prepare`;
  const prepared = on.guest.ssh.output(command, { what, timeoutMs, signal });
  await answered(on.guest, prepared, askingOf(request, 'a guest for the matrix'));
  scope.move();
  return on;
}

interface Filled {
  cells: MatrixCell[];
  guestIsLost: boolean;
}

async function fillRow(on: TestGuest, row: Row, { job, machine }: RowsRequest): Promise<Filled> {
  const { guest, watch } = on;
  const lines: string[] = [];
  const names = row.columns.map(({ protection }) => `${row.name}/${protection}`);
  const ending = await guest.ssh.exec(markedCommand(on, row, names), {
    what: `fill the row ${row.name}`,
    timeoutMs: guest.within(CELL_TIMEOUT_MS * names.length),
    signal: machine.signal,
    onLine: (line, stream) => stream === 'stdout' && lines.push(line),
  });
  if (ending.how !== 'exited') {
    return { cells: cellsOf(job.machine, row, lines, howText(ending)), guestIsLost: true };
  }
  // A row stands once the console has caught up: a report of the kernel may be on its way.
  if (await watch.settle(markOf(row), guest.within(SETTLE_TIMEOUT_MS))) {
    const why = `the program exited with ${ending.code}`;
    return { cells: cellsOf(job.machine, row, lines, why), guestIsLost: false };
  }
  const why = 'the guest’s console went silent before the end of the row';
  return { cells: cellsOf(job.machine, row, [], why), guestIsLost: true };
}

/** The row as a word, as it is in a marker. */
function markOf({ name }: Row): string {
  return `matrix:${name.replaceAll(/\s/g, '_')}`;
}

/** Fills cells between two markers, which order the kernel's reports between rows. */
function markedCommand({ guest, watch }: TestGuest, row: Row, names: readonly string[]): string {
  const mark = (what: 'begin' | 'end') =>
    `${commandLine('echo', [watch.marker(what, markOf(row))])} > /dev/kmsg`;
  const limit = `TEST_TIMEOUT=${Math.ceil(guest.within(ATTEMPT_TIMEOUT_MS) / 1000)}`;
  const run = `cd ${GUEST_DIRECTORY} && ${limit} ${commandLine('./matrix', names)}`;
  return `${mark('begin')}; ${run}; code=$?; ${mark('end')}; exit $code`;
}

function howText(ending: { how: string; reason?: string; afterMs?: number; signal?: string }) {
  const { how, reason, afterMs, signal } = ending;
  if (how === 'timedOut') return `no end within ${afterMs} ms`;
  return `the guest was lost: ${reason ?? signal ?? how}`;
}

/** The cells of a row from what the guest printed; what it did not print is lost because of `why`. */
export function cellsOf(
  machine: string,
  row: Row,
  lines: readonly string[],
  why: string,
): MatrixCell[] {
  const found = new Map(lines.flatMap(readLine).map((cell) => [cell.column, cell]));
  return row.columns.map(({ name, protection }) => {
    const cell = found.get(protection);
    if (cell?.row === row.name) return { ...cell, machine, column: name };
    return { machine, row: row.name, column: name, outcome: 'lost', reason: why };
  });
}

/** A line that is none of ours costs its cell, not the run. */
function readLine(line: string): Measured[] {
  try {
    const cell = measured.safeParse(JSON.parse(line));
    return cell.success ? [cell.data] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import { commandLine } from '../host/spawn.ts';
import { type MatrixCell, type Measured, measured } from '../schema/matrix.ts';
import type { Splat } from '../schema/results.ts';
import { GUEST_DIRECTORY } from './buildGuestTests.ts';
import { GuestSlot } from './guestSlot.ts';
import type { MatrixJob } from './matrixPlan.ts';
import { bootTestGuest, type TestGuest, type TestGuestRequest } from './testGuest.ts';

const PREPARE_TIMEOUT_MS = 30_000;
/** The guest ends each cell by itself; this is for a guest that cannot. */
const CELL_TIMEOUT_MS = 150_000;
const REPORT_TIMEOUT_MS = 1_000;

export interface FillRequest extends TestGuestRequest {
  job: MatrixJob;
  /** Called with each row as soon as its cells are known. */
  onRow: (cells: readonly MatrixCell[]) => void;
  onSplats: (splats: readonly Splat[]) => Promise<void>;
}

type Row = MatrixJob['rows'][number];

/** Fills the cells of one job. A guest that dies costs the cells of its row that it still owed. */
export async function fillCells(request: FillRequest): Promise<void> {
  await using slot = new GuestSlot({
    open: () => bootPrepared(request),
    onReports: request.onSplats,
    signal: request.machine.signal,
  });
  for (const row of request.job.rows) {
    const on = await slot.use();
    const said = await fillRow(on, row, request);
    await request.onSplats(await on.watch.take(on.guest.within(REPORT_TIMEOUT_MS)));
    request.onRow(said.cells);
    if (said.cells.some(({ outcome }) => outcome === 'lost')) await slot.drop();
  }
  await slot.clear();
}

async function bootPrepared(request: FillRequest): Promise<TestGuest> {
  await using scope = new AsyncDisposableStack();
  const on = scope.use(await bootTestGuest(request));
  const { signal } = request.machine;
  const what = 'prepare the guest for the matrix';
  const timeoutMs = on.guest.within(PREPARE_TIMEOUT_MS);
  const command = `cd ${GUEST_DIRECTORY} && ./matrix --prepare`;
  await on.guest.ssh.output(command, { what, timeoutMs, signal });
  scope.move();
  return on;
}

async function fillRow(on: TestGuest, row: Row, { job, machine }: FillRequest) {
  const lines: string[] = [];
  const names = row.columns.map(({ protection }) => `${row.name}/${protection}`);
  const command = `cd ${GUEST_DIRECTORY} && exec ${commandLine('./matrix', names)}`;
  const ending = await on.guest.ssh.exec(command, {
    what: `fill the row ${row.name}`,
    timeoutMs: on.guest.within(CELL_TIMEOUT_MS * names.length),
    signal: machine.signal,
    onLine: (line, stream) => stream === 'stdout' && lines.push(line),
  });
  const why = ending.how === 'exited' ? `the program exited with ${ending.code}` : howText(ending);
  return { cells: cellsOf(job.machine, row, lines, why) };
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

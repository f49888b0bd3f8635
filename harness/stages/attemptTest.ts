// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import { InfraError, InterruptedError } from '../errors.ts';
import { type Counts, Expectations } from '../ktap/expectation.ts';
import { Judge, type Judgement } from '../ktap/judge.ts';
import { TEST_DEVICE_ID } from '../qemu/args.ts';
import type { Attempt, Splat } from '../schema/results.ts';
import { GUEST_DIRECTORY } from './buildGuestTests.ts';
import { countsSince, unanswered } from './countsSince.ts';
import { REPORT_TIMEOUT_MS } from './splatWatch.ts';
import type { TestGuest } from './testGuest.ts';
import type { PlannedTest } from './testPlan.ts';
import type { Watchdog } from './watchdog.ts';

export interface AttemptOptions {
  /** The limit of one test, in ms, in a guest that is not slow. */
  testTimeoutMs: number;
  /** Asks the kernel of a guest that hangs. */
  watchdog: Watchdog;
  signal: AbortSignal;
}

/** How long the console may lag behind a test that has ended. */
const SETTLE_TIMEOUT_MS = 10_000;
/** How long a stall may lack an answer when its test has ended. */
const STALL_ANSWER_TIMEOUT_MS = 10_000;

/** One execution of a test, and the reports of the kernel since the one before. */
export interface Attempted {
  attempt: Attempt;
  splats: Splat[];
}

/** Runs `test` once in a guest. An attempt that is lost says that the guest must not be used again. */
export async function attemptTest(
  on: TestGuest,
  test: PlannedTest,
  options: AttemptOptions,
): Promise<Attempted> {
  const startedAt = performance.now();
  const { judgement, counts } = await untilCounted(on, test, options);
  const durationMs = Math.round(performance.now() - startedAt);
  const { status } = judgement;
  const qemuEndedBy = status === 'lost' ? await signalOf(on) : undefined;
  const splats = await on.watch.take(on.guest.within(REPORT_TIMEOUT_MS));
  // Only now: what the kernel says when it is asked is no report of its own.
  const hang = status === 'lost' ? await askWhy(on, test, options) : [];
  const diagnostics = [...judgement.diagnostics, ...hang];
  const counters = counts?.device ?? null;
  const smmu = counts?.smmu ?? null;
  const attempt = { status, durationMs, diagnostics, counters, smmu };
  return { attempt: { ...attempt, ...reasonOf(judgement, qemuEndedBy) }, splats };
}

/** How long QEMU may take to end after the connection to its guest broke. */
const END_TIMEOUT_MS = 1_000;

/**
 * The signal that ended QEMU, if one did; a guest that panics or powers off lets it exit. Where QEMU
 * has ended, all that its guest printed has been read by then.
 */
async function signalOf({ guest }: TestGuest): Promise<string | undefined> {
  const late = setTimeout(guest.within(END_TIMEOUT_MS), undefined);
  const exit = await Promise.race([guest.vm.exited, late]);
  const tooLate = setTimeout(guest.within(SETTLE_TIMEOUT_MS), undefined, { ref: false });
  if (exit) await Promise.race([guest.console.closed, tooLate]);
  return exit?.signal;
}

function reasonOf({ reason }: Judgement, qemuEndedBy?: string) {
  if (qemuEndedBy === undefined) return reason ? { reason } : {};
  return { reason: `${reason}; QEMU was ended by ${qemuEndedBy}`, qemuEndedBy };
}

interface Counted {
  judgement: Judgement;
  /** What device and SMMU counted from the beginning to the end of the test. */
  counts: Counts | null;
}

/** A guest whose device cannot be read is gone, whatever its test said. */
async function untilCounted(
  on: TestGuest,
  test: PlannedTest,
  options: AttemptOptions,
): Promise<Counted> {
  try {
    const before = await readCounts(on);
    const announced = new Expectations();
    const judgement = await untilSettled(on, test, await judge(on, test, options, announced));
    if (judgement.status === 'lost') {
      // An interrupt ends the guest, and that is no verdict on the test.
      if (options.signal.aborted) throw new InterruptedError(`interrupted: run ${test.id}`);
      return { judgement, counts: null };
    }
    const timeoutMs = judgement.status === 'pass' ? on.guest.within(STALL_ANSWER_TIMEOUT_MS) : 0;
    const counts = await countsSince(before, () => readCounts(on), timeoutMs);
    return { judgement: heldTo(announced, counts, judgement), counts };
  } catch (error) {
    if (options.signal.aborted) throw new InterruptedError(`interrupted: run ${test.id}`);
    if (!(error instanceof InfraError)) throw error;
    const reason = `the device of the guest could not be read: ${error.message}`;
    return { judgement: { status: 'lost', reason, diagnostics: [] }, counts: null };
  }
}

async function judge(
  { guest, watch }: TestGuest,
  test: PlannedTest,
  { testTimeoutMs, signal }: AttemptOptions,
  announced: Expectations,
): Promise<Judgement> {
  const verdict = new Judge(test.name);
  const mark = (what: 'begin' | 'end') => `echo '${watch.marker(what, test.id)}' > /dev/kmsg`;
  const timeoutMs = guest.within(testTimeoutMs);
  // So that a test which hangs ends by itself, and says what it waited for.
  const limit = `TEST_TIMEOUT=${Math.ceil(timeoutMs / 1000)}`;
  const run = `cd ${GUEST_DIRECTORY} && ${limit} ./${test.program} -r '${test.name}' < /dev/null`;
  // The markers order the kernel's reports between tests.
  const command = `${mark('begin')}; ${run}; code=$?; ${mark('end')}; exit $code`;
  const ending = await guest.ssh.exec(command, {
    what: `run ${test.id}`,
    timeoutMs,
    signal,
    onLine: (line, stream) => {
      announced.push(line);
      return stream === 'stdout' ? verdict.push(line) : verdict.note(line);
    },
  });
  return verdict.conclude(ending);
}

/** A verdict stands once the console has caught up: a report of the kernel could still overturn it. */
async function untilSettled(
  { guest, watch }: TestGuest,
  test: PlannedTest,
  judgement: Judgement,
): Promise<Judgement> {
  if (judgement.status === 'lost') return judgement;
  if (await watch.settle(test.id, guest.within(SETTLE_TIMEOUT_MS))) return judgement;
  const reason = 'the guest’s console went silent before the end of the test';
  return { ...judgement, status: 'lost', reason };
}

function askWhy(
  { guest }: TestGuest,
  { id, program }: PlannedTest,
  { testTimeoutMs, watchdog }: AttemptOptions,
): Promise<string[]> {
  const { slowdown } = guest;
  const awaited = `the end of ${id}, within ${testTimeoutMs} ms times a slowdown of ${slowdown}`;
  return watchdog.report(guest, { awaited, program });
}

async function readCounts({ guest }: TestGuest): Promise<Counts> {
  const { qmp } = guest.vm;
  return { device: await qmp.counters(TEST_DEVICE_ID), smmu: await qmp.smmuEvents() };
}

/** A test that passed in the guest fails if what was counted outside says otherwise. */
function heldTo(announced: Expectations, counts: Counts, judgement: Judgement): Judgement {
  const reason = announced.unmet(counts) ?? leftStalled(counts);
  if (judgement.status !== 'pass' || reason === undefined) return judgement;
  return { ...judgement, status: 'fail', reason };
}

function leftStalled(counts: Counts): string | undefined {
  const count = unanswered(counts);
  return count === 0 ? undefined : `stalls that the kernel did not answer: ${count}`;
}

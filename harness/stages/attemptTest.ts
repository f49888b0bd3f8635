// SPDX-License-Identifier: MIT
import { Judge, type Judgement } from '../ktap/judge.ts';
import { TEST_DEVICE_ID } from '../qemu/args.ts';
import type { Attempt, Splat } from '../schema/results.ts';
import { GUEST_DIRECTORY, type TestGuest } from './testGuest.ts';
import type { PlannedTest } from './testPlan.ts';

export interface AttemptOptions {
  /** The limit of one test, in ms. */
  testTimeoutMs: number;
  signal: AbortSignal;
}

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
  const before = await counters(on);
  const startedAt = performance.now();
  const judgement = await untilSettled(on, test, await judge(on, test, options));
  const durationMs = Math.round(performance.now() - startedAt);
  const after = judgement.status === 'lost' ? null : await counters(on);
  const { status, reason, diagnostics } = judgement;
  const attempt: Attempt = {
    ...{ status, durationMs, diagnostics, ...(reason ? { reason } : {}) },
    counters: after ? difference(before, after) : null,
  };
  return { attempt, splats: await on.watch.take() };
}

async function judge(
  { guest, watch }: TestGuest,
  test: PlannedTest,
  { testTimeoutMs, signal }: AttemptOptions,
): Promise<Judgement> {
  const verdict = new Judge(test.name);
  const mark = (what: 'begin' | 'end') => `echo '${watch.marker(what, test.id)}' > /dev/kmsg`;
  // So that a test which hangs ends by itself, and says what it waited for.
  const limit = `TEST_TIMEOUT=${Math.ceil(testTimeoutMs / 1000)}`;
  const run = `cd ${GUEST_DIRECTORY} && ${limit} ./${test.program} -r '${test.name}' < /dev/null`;
  // The markers order the kernel's reports between tests.
  const command = `${mark('begin')}; ${run}; code=$?; ${mark('end')}; exit $code`;
  const ending = await guest.ssh.exec(command, {
    what: `run ${test.id}`,
    timeoutMs: testTimeoutMs,
    signal,
    onLine: (line, stream) => (stream === 'stdout' ? verdict.push(line) : verdict.note(line)),
  });
  return verdict.conclude(ending);
}

/** A verdict stands once the console has caught up: a report of the kernel could still overturn it. */
async function untilSettled(
  { watch }: TestGuest,
  test: PlannedTest,
  judgement: Judgement,
): Promise<Judgement> {
  if (judgement.status === 'lost' || (await watch.settle(test.id))) return judgement;
  const reason = 'the guest’s console went silent before the end of the test';
  return { ...judgement, status: 'lost', reason };
}

function counters({ guest }: TestGuest): Promise<Record<string, number>> {
  return guest.vm.qmp.counters(TEST_DEVICE_ID);
}

function difference(before: Record<string, number>, after: Record<string, number>) {
  const names = Object.keys(after);
  return Object.fromEntries(names.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]));
}

// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { Judge, type Judgement } from '../ktap/judge.ts';
import { TEST_DEVICE_ID } from '../qemu/args.ts';
import type { Emit } from '../schema/events.ts';
import type { Splat, TestResult } from '../schema/results.ts';
import { concludeTest, withSplats } from '../schema/verdict.ts';
import type { Guest } from './bootGuest.ts';
import { checkGuestContract } from './guestContract.ts';
import { SplatWatch } from './splatWatch.ts';
import type { PlannedTest } from './testPlan.ts';

export interface RunTestsRequest {
  tests: readonly PlannedTest[];
  /** A directory that holds the programs. */
  programs: string;
  /** Boots a guest whose console lines go to `onLine`, from the first. */
  boot: (onLine: (line: string) => void) => Promise<Guest>;
  /** What /proc/config.gz of the guest must hash to. */
  configSha256: string;
  /** Adds source lines to the frames of the kernel's reports. */
  decode: (splats: readonly Splat[]) => Promise<Splat[]>;
  /** The limit of one test, in ms. */
  testTimeoutMs: number;
  emit: Emit;
  signal: AbortSignal;
}

/** What is known so far; it grows with every test, so that nothing is lost when a run ends early. */
export interface RunTestsOutcome {
  tests: TestResult[];
  splats: Splat[];
  /** The command line of the last QEMU. */
  qemuArguments: readonly string[];
}

const UPLOAD_TIMEOUT_MS = 60_000;
const GUEST_DIRECTORY = '/tests';

/**
 * Runs `tests` one by one, in one guest for as long as it can be trusted: after a timeout, a report
 * of the kernel or a lost connection the rest gets a fresh one.
 */
export async function runTests(request: RunTestsRequest, outcome: RunTestsOutcome): Promise<void> {
  const queue = [...request.tests];
  while (queue.length > 0) {
    const watch = new SplatWatch(randomBytes(8).toString('hex'));
    await using guest = await request.boot((line) => watch.push(line));
    outcome.qemuArguments = guest.vm.arguments;
    await Promise.all([
      checkGuestContract(guest.ssh, request.configSha256, request.signal),
      upload(guest, request),
    ]);
    const run = new GuestRun(guest, watch, request, outcome);
    while (queue.length > 0 && run.trusted) await run.test(queue.shift() as PlannedTest);
  }
}

/** The tests that run in one guest. */
class GuestRun {
  /** Whether another test may run here. */
  trusted = true;
  readonly #guest: Guest;
  readonly #request: RunTestsRequest;
  readonly #outcome: RunTestsOutcome;
  readonly #watch: SplatWatch;

  constructor(guest: Guest, watch: SplatWatch, request: RunTestsRequest, outcome: RunTestsOutcome) {
    this.#guest = guest;
    this.#request = request;
    this.#outcome = outcome;
    this.#watch = watch;
  }

  /** Runs one test to its verdict. */
  async test(test: PlannedTest): Promise<void> {
    const { emit } = this.#request;
    emit({ type: 'testStart', id: test.id, attempt: 1 });
    const before = await this.#counters();
    const startedAt = performance.now();
    const judgement = await this.#untilSettled(test, await this.#judge(test));
    const durationMs = Math.round(performance.now() - startedAt);
    this.trusted = judgement.status !== 'lost';
    const after = this.trusted ? await this.#counters() : null;
    const counters = before && after ? difference(before, after) : null;
    const { status, reason, diagnostics } = judgement;
    const attempt = { status, durationMs, diagnostics, ...(reason ? { reason } : {}) };
    const concluded = concludeTest(test.id, [attempt], counters);
    const splats = await this.#request.decode(await this.#watch.take());
    this.#publish(splats);
    // What has reported once may be silent from then on: lockdep and KASAN switch themselves off.
    if (splats.length > 0) this.trusted = false;
    const source = test.source ? { source: test.source } : {};
    const result = withSplats({ ...concluded, ...source }, splats);
    this.#outcome.tests.push(result);
    emit({ type: 'testEnd', test: result });
  }

  async #judge(test: PlannedTest): Promise<Judgement> {
    const judge = new Judge(test.name);
    const ending = await this.#guest.ssh.exec(this.#command(test), {
      what: `run ${test.id}`,
      timeoutMs: this.#request.testTimeoutMs,
      signal: this.#request.signal,
      onLine: (line, stream) => (stream === 'stdout' ? judge.push(line) : judge.note(line)),
    });
    return judge.conclude(ending);
  }

  /** A verdict stands once the console has caught up: a report of the kernel could still overturn it. */
  async #untilSettled(test: PlannedTest, judgement: Judgement): Promise<Judgement> {
    if (judgement.status === 'lost' || (await this.#watch.settle(test.id))) return judgement;
    const reason = 'the guest’s console went silent before the end of the test';
    return { ...judgement, status: 'lost', reason };
  }

  /** The markers order the kernel's reports between tests. */
  #command({ id, program, name }: PlannedTest): string {
    const mark = (what: 'begin' | 'end') => `echo '${this.#watch.marker(what, id)}' > /dev/kmsg`;
    const run = `cd ${GUEST_DIRECTORY} && ./${program} -r '${name}' < /dev/null`;
    return `${mark('begin')}; ${run}; code=$?; ${mark('end')}; exit $code`;
  }

  #counters() {
    return this.#guest.vm.qmp.counters(TEST_DEVICE_ID);
  }

  #publish(splats: readonly Splat[]) {
    this.#outcome.splats.push(...splats);
    for (const splat of splats) this.#request.emit({ type: 'splat', splat });
  }
}

function upload({ ssh }: Guest, { programs, signal }: RunTestsRequest): Promise<void> {
  const what = 'copy the test programs into the guest';
  return ssh.upload(programs, GUEST_DIRECTORY, { what, timeoutMs: UPLOAD_TIMEOUT_MS, signal });
}

function difference(before: Record<string, number>, after: Record<string, number>) {
  const names = Object.keys(after);
  return Object.fromEntries(names.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]));
}

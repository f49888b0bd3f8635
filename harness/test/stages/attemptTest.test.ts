// SPDX-License-Identifier: MIT
import { setTimeout as after } from 'node:timers/promises';
import test from 'ava';
import { InterruptedError } from '../../errors.ts';
import type { Exit } from '../../host/spawn.ts';
import { type AttemptOptions, attemptTest } from '../../stages/attemptTest.ts';
import type { TestGuest } from '../../stages/testGuest.ts';

const PLANNED = { id: 'pin:works', program: 'pin', name: 'works' };
const PASSED = ['TAP version 13', '1..1', 'ok 1 works', '# Totals: pass:1'];

/** A guest whose test passes, and whose console then says nothing more: as when QEMU ends just there. */
function silentGuest(onSettle: () => void, exited?: Exit): TestGuest {
  const settle = async () => {
    onSettle();
    return false;
  };
  return guestThat({ says: PASSED, settle, exited });
}

interface Behaviour {
  says: string[];
  settle: () => Promise<boolean>;
  /** How QEMU has ended; without, it runs on. */
  exited?: Exit | undefined;
  /** What the SMMU has counted, at each reading; the last one for good. */
  smmu?: Record<string, number>[];
}

function guestThat({ says, settle, exited, smmu = [{}] }: Behaviour) {
  const ssh = {
    exec(_: string, { onLine }: { onLine: (line: string, stream: string) => void }) {
      for (const line of says) onLine(line, 'stdout');
      return Promise.resolve({ how: 'exited', code: 0 });
    },
  };
  const qmp = {
    counters: async () => ({ stalls: 0 }),
    smmuEvents: async () => (smmu.length > 1 ? smmu.shift() : smmu[0]),
  };
  const watch = {
    marker: () => '',
    take: async () => [],
    settle,
  };
  const end = exited ? Promise.resolve(exited) : new Promise(() => undefined);
  const console = { closed: Promise.resolve() };
  const guest = { ssh, console, vm: { qmp, exited: end }, slowdown: 1, within: (ms: number) => ms };
  return { guest, watch, number: 1 } as unknown as TestGuest;
}

function options(signal: AbortSignal): AttemptOptions {
  const watchdog = { report: async () => ['# hangs'] } as unknown as AttemptOptions['watchdog'];
  return { testTimeoutMs: 1000, watchdog, signal };
}

test('a console that goes silent after a test costs the test its verdict', async (t) => {
  const { signal } = new AbortController();
  const { attempt } = await attemptTest(
    silentGuest(() => undefined),
    PLANNED,
    options(signal),
  );
  t.is(attempt.status, 'lost');
  t.regex(attempt.reason ?? '', /console went silent/);
  t.deepEqual(attempt.diagnostics.slice(-1), ['# hangs']);
});

for (const [what, signal] of [
  ['that a signal ended is no guest that died: the attempt names the signal', 'SIGKILL'],
  ['that exited is a guest that died', undefined],
] as const) {
  test(`a QEMU ${what}`, async (t) => {
    const exit = { code: signal ? undefined : 0, signal };
    const guest = silentGuest(() => undefined, exit);
    const { attempt } = await attemptTest(guest, PLANNED, options(new AbortController().signal));
    t.is(attempt.status, 'lost');
    t.is(attempt.qemuEndedBy, signal);
    t.is(/; QEMU was ended by SIGKILL$/.test(attempt.reason ?? ''), signal !== undefined);
  });
}

test('an interrupt while the console settles is an interrupt, and no verdict on the test', async (t) => {
  const controller = new AbortController();
  const guest = silentGuest(() => controller.abort());
  await t.throwsAsync(attemptTest(guest, PLANNED, options(controller.signal)), {
    instanceOf: InterruptedError,
    message: 'interrupted: run pin:works',
  });
});

test('a slow guest is given longer, and its test is told so: its own limit is below ours', async (t) => {
  const on = guestThat({ says: PASSED, settle: async () => true });
  const asked: unknown[] = [];
  const exec = async (command: string, { timeoutMs }: { timeoutMs: number }) => {
    asked.push(/TEST_TIMEOUT=\d+/.exec(command)?.[0], timeoutMs);
    return { how: 'exited', code: 0 };
  };
  Object.assign(on.guest, { ssh: { exec }, within: (ms: number) => ms * 3 });
  await attemptTest(on, PLANNED, options(new AbortController().signal));
  t.deepEqual(asked, ['TEST_TIMEOUT=3', 3000]);
});

test('a count that was announced amid much output is held to', async (t) => {
  const noise = Array(150).fill('# noise');
  const says = ['TAP version 13', '1..1', ...noise, '# expect device stalls 7', ...noise];
  const guest = guestThat({ says: [...says, 'ok 1 works'], settle: async () => true });
  const { attempt } = await attemptTest(guest, PLANNED, options(new AbortController().signal));
  t.is(attempt.status, 'fail');
  t.is(attempt.reason, 'the device counted stalls 0, not 7');
  t.false(attempt.diagnostics.includes('# expect device stalls 7'));
});

test('a stall that was answered late is no failure, and one without an answer is', async (t) => {
  const judged = async (...later: Record<string, number>[]) => {
    const smmu = [{ stalls: 3, retries: 3 }, ...later];
    const guest = guestThat({ says: PASSED, settle: async () => true, smmu });
    guest.guest.within = () => 100;
    return (await attemptTest(guest, PLANNED, options(new AbortController().signal))).attempt;
  };
  const waits = { stalls: 5, retries: 4 };
  t.is((await judged(waits, { ...waits, aborts: 1 })).status, 'pass');
  const left = await judged(waits);
  t.is(left.status, 'fail');
  t.is(left.reason, 'stalls that the kernel did not answer: 1');
});

test('what the kernel printed last is read before its reports are taken', async (t) => {
  const on = silentGuest(() => undefined, { code: 0, signal: undefined });
  const order: string[] = [];
  const closed = new Promise<void>((resolve) => {
    setTimeout(() => {
      order.push('closed');
      resolve();
    }, 50);
  });
  const take = async () => {
    order.push('taken');
    return [];
  };
  Object.assign(on.guest, { console: { closed } });
  Object.assign(on.watch, { take });
  await attemptTest(on, PLANNED, options(new AbortController().signal));
  t.deepEqual(order, ['closed', 'taken']);
});

test('how long the end of QEMU and of its console is awaited depends on the guest', async (t) => {
  const killed = after(1_200, { code: undefined, signal: 'SIGKILL' });
  const on = silentGuest(() => undefined);
  // Twice as long for QEMU, and a fraction for the console, which never closes.
  const within = (ms: number) => (ms === 1_000 ? 2 * ms : ms / 100);
  Object.assign(on.guest, { within, console: { closed: new Promise(() => undefined) } });
  Object.assign(on.guest.vm, { exited: killed });
  const startedAt = performance.now();
  const { attempt } = await attemptTest(on, PLANNED, options(new AbortController().signal));
  t.is(attempt.qemuEndedBy, 'SIGKILL');
  t.true(performance.now() - startedAt < 5_000);
});

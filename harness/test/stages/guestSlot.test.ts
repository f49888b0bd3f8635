// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT, InterruptedError } from '../../errors.ts';
import type { Ending } from '../../guest/ending.ts';
import type { Splat } from '../../schema/results.ts';
import { summarise } from '../../schema/verdict.ts';
import { GuestSlot } from '../../stages/guestSlot.ts';
import { SplatWatch } from '../../stages/splatWatch.ts';
import type { TestGuest } from '../../stages/testGuest.ts';
import type { Hang, Watchdog } from '../../stages/watchdog.ts';

const ID = 'pin:works';

/** A guest whose test has ended and was looked at, and which does `lastly` when it is asked for more. */
async function endedGuest(lastly: (watch: SplatWatch, command: string) => Ending) {
  const watch = new SplatWatch('0123');
  for (const what of ['begin', 'end'] as const) say(watch, watch.marker(what, ID));
  await watch.take(0);
  const asked: string[] = [];
  const exec = async (command: string) => {
    asked.push(command);
    return lastly(watch, command);
  };
  let ended = 0;
  const on = {
    guest: { ssh: { exec }, within: (ms: number) => ms / 100 },
    ...{ watch, number: 2 },
    async [Symbol.asyncDispose]() {
      ended += 1;
    },
  } as unknown as TestGuest;
  return { on, asked, ended: () => ended };
}

/** A slot with that guest in it, and what it reports. */
async function holding(on: TestGuest, signal = new AbortController().signal) {
  const reports: Splat[] = [];
  const hangs: string[] = [];
  const onReports = async (splats: readonly Splat[]) => reports.push(...splats);
  const report = async (_: unknown, { awaited }: Hang) => {
    hangs.push(awaited);
    return ['the kernel’s tasks: hang.txt'];
  };
  const watchdog = { report } as unknown as Watchdog;
  const slot = new GuestSlot({ open: async () => on, onReports, watchdog, signal });
  await slot.use();
  return { slot, reports, hangs };
}

function say(watch: SplatWatch, text: string) {
  watch.push(`[    1.000000] ${text}`);
}

/** Prints on the console what the command writes to /dev/kmsg. */
function obey(watch: SplatWatch, command: string): Ending {
  say(watch, /echo '(.*)' > \/dev\/kmsg/.exec(command)?.[1] ?? '');
  return { how: 'exited', code: 0 };
}

test('what comes after the last test of a guest is reported, and attributed to none', async (t) => {
  const { on, asked, ended } = await endedGuest((watch, command) => {
    say(watch, 'BUG: workqueue lockup - pool cpus=0');
    return obey(watch, command);
  });
  const { slot, reports, hangs } = await holding(on);
  await slot.clear();
  t.is(asked.length, 1);
  t.deepEqual(hangs, []);
  t.deepEqual(
    reports.map(({ kind, test }) => [kind, test]),
    [['workqueue-lockup', null]],
  );
  t.is(ended(), 1);
});

test('the last words of a guest that dies after its tests are reported', async (t) => {
  const { on, ended } = await endedGuest((watch) => {
    say(watch, 'Kernel panic - not syncing: afterwards');
    return { how: 'lost', reason: 'the guest closed the connection' };
  });
  const { slot, reports } = await holding(on);
  await slot.clear();
  t.deepEqual(
    reports.map(({ kind, test }) => [kind, test]),
    [
      ['panic', null],
      ['no-answer', null],
    ],
  );
  t.is(ended(), 1);
});

const NO_ANSWER: [string, (watch: SplatWatch, command: string) => Ending, string][] = [
  [
    'hangs',
    () => ({ how: 'timedOut', afterMs: 100 }),
    'the command that asks for it did not end within 100 ms',
  ],
  [
    'obeys and hangs',
    (watch, command) => {
      obey(watch, command);
      return { how: 'timedOut', afterMs: 100 };
    },
    'the command that asks for it did not end within 100 ms',
  ],
  [
    'is lost',
    () => ({ how: 'lost', reason: 'the guest closed\x1b[2J the connection' }),
    'the command that asks for it was lost: the guest closed the connection',
  ],
  [
    'has a silent console',
    () => ({ how: 'exited', code: 0 }),
    'the guest’s console did not show it within 100 ms',
  ],
];

for (const [what, lastly, why] of NO_ANSWER) {
  test(`a guest that ${what} after its last test makes the run red, and its kernel is asked`, async (t) => {
    const { on, ended } = await endedGuest(lastly);
    const { slot, reports, hangs } = await holding(on);
    await slot.clear();
    const awaited = `the end of guest 2 after its last test; ${why}`;
    t.deepEqual(hangs, [awaited]);
    t.is(reports.length, 1);
    t.is(reports[0]?.title, 'no answer from a guest after its last test');
    t.is(reports[0]?.text, `awaited: ${awaited}\nthe kernel’s tasks: hang.txt`);
    t.is(summarise([], reports).exitCode, EXIT.failed);
    t.is(ended(), 1);
  });
}

test('a guest that an interrupt silences is not asked', async (t) => {
  const interrupt = new AbortController();
  const { on } = await endedGuest(() => {
    interrupt.abort();
    return { how: 'exited', code: 0 };
  });
  const { slot, reports, hangs } = await holding(on, interrupt.signal);
  await slot.clear();
  t.deepEqual(hangs, []);
  t.deepEqual(reports, []);
});

test('a guest that is lost is ended without a question', async (t) => {
  const { on, asked, ended } = await endedGuest(obey);
  const { slot } = await holding(on);
  await slot.drop();
  await slot[Symbol.asyncDispose]();
  t.deepEqual(asked, []);
  t.is(ended(), 1);
});

test('an interrupt ends the guest, too', async (t) => {
  const { on, ended } = await endedGuest(() => {
    throw new InterruptedError('interrupted: end a guest');
  });
  const { slot } = await holding(on);
  await t.throwsAsync(slot.clear(), { instanceOf: InterruptedError });
  t.is(ended(), 1);
});

test('the next guest does not wait for the end of the one before, but disposal does', async (t) => {
  const { promise: silence, resolve } = Promise.withResolvers<Ending>();
  const { on, ended } = await endedGuest(() => silence as unknown as Ending);
  const { slot } = await holding(on);
  await slot.retire();
  t.is(await slot.use(), on);
  t.is(ended(), 0);
  resolve({ how: 'lost', reason: 'the guest closed the connection' });
  await slot[Symbol.asyncDispose]();
  t.is(ended(), 2);
});

test('what fails at the end of a guest is told by the next call', async (t) => {
  const { on, ended } = await endedGuest(() => {
    throw new InterruptedError('interrupted: end a guest');
  });
  const { slot } = await holding(on);
  await slot.retire();
  await t.throwsAsync(slot.clear(), { instanceOf: InterruptedError });
  t.is(ended(), 1);
});

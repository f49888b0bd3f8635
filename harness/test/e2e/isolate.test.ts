// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import type { RunEvent } from '../../schema/events.ts';
import type { TestResult } from '../../schema/results.ts';
import type { PlannedTest } from '../../stages/testPlan.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';
import { FAIL, PASS, runScripts } from './scripts.ts';

/** Passes in a guest that this program has not run in. */
const ONLY_ONCE = `[ -e /tmp/seen ] && { ${FAIL}; }; touch /tmp/seen; ${PASS}`;

/** The only test of a program as several, for it is only a name to the harness. */
function several(program: string, ...as: string[]): PlannedTest[] {
  return as.map((name) => ({ id: `${program}:${name}`, program, name: 't' }));
}

const TWO_PROGRAMS = [...several('one', 'a', 'b', 'c'), ...several('two', 'd')];
const SCRIPTS = { one: ONLY_ONCE, two: ONLY_ONCE };

function verdicts(tests: readonly TestResult[]): string[] {
  return tests.map(({ id, status, attempts }) => `${status} ${id} ${attempts[0]?.guest}`);
}

test('without isolation all tests share a guest', async (t) => {
  await using directory = await temporaryDirectory();
  const run = { scripts: SCRIPTS, tests: TWO_PROGRAMS, policy: { isolation: 'none' } } as const;
  const { tests } = await runScripts(directory.path, run);
  t.deepEqual(verdicts(tests), ['pass one:a 1', 'fail one:b 1', 'fail one:c 1', 'fail two:d 1']);
});

test('by default a program has a guest of its own, and a failure ends it', async (t) => {
  await using directory = await temporaryDirectory();
  const { tests } = await runScripts(directory.path, { scripts: SCRIPTS, tests: TWO_PROGRAMS });
  // Guest 1 boots for the snapshot. What `one:b` left behind does not reach `one:c`.
  t.deepEqual(verdicts(tests), ['pass one:a 2', 'fail one:b 2', 'pass one:c 3', 'pass two:d 4']);
});

test('the next guest starts while the tests of this one run', async (t) => {
  await using directory = await temporaryDirectory();
  const early: string[] = [];
  const emit = (event: RunEvent) => {
    if (event.type !== 'testEnd') return;
    for (const name of ['console-3.log', 'console-4.log'])
      if (existsSync(join(directory.path, name)))
        early.push(`${name} before ${event.test.id} ends`);
  };
  const tests = [...several('one', 'a'), ...several('two', 'b')];
  await runScripts(directory.path, { scripts: { one: PASS, two: PASS }, tests, emit });
  // And none starts that nothing is left for.
  t.deepEqual(early, ['console-3.log before one:a ends', 'console-3.log before two:b ends']);
});

test('a program alone runs in the guest that boots, and only after a failure in restored ones', async (t) => {
  await using directory = await temporaryDirectory();
  const tests = several('one', 'a', 'b', 'c');
  const record = await runScripts(directory.path, { scripts: { one: ONLY_ONCE }, tests });
  // Guest 2 boots for the snapshot.
  t.deepEqual(verdicts(record.tests), ['pass one:a 1', 'fail one:b 1', 'pass one:c 3']);
});

test('on request each test has one, with a console and random numbers of its own', async (t) => {
  await using directory = await temporaryDirectory();
  const draw = `head -c 16 /dev/urandom | hexdump -e '16/1 "%02x"' | sed 's/^/# /'; echo`;
  const scripts = { one: `echo "TAP version 13"; echo 1..1; ${draw}; echo "ok 1 t"` };
  const tests = several('one', 'a', 'b', 'c');
  const policy = { isolation: 'test' } as const;
  const record = await runScripts(directory.path, { scripts, tests, policy });
  t.deepEqual(verdicts(record.tests), ['pass one:a 2', 'pass one:b 3', 'pass one:c 4']);
  const drawn = record.tests.flatMap(({ attempts }) => attempts[0]?.diagnostics ?? []);
  t.is(new Set(drawn.filter((line) => /[0-9a-f]{32}/.test(line))).size, 3, drawn.join('\n'));
  const consoleOf = (name: string) => readFile(join(directory.path, name), 'utf8');
  t.regex(await consoleOf('console.log'), /Linux version/);
  for (const [name, id] of [
    ['console-2.log', 'one:a'],
    ['console-3.log', 'one:b'],
    ['console-4.log', 'one:c'],
  ] as const) {
    const markers = [...(await consoleOf(name)).matchAll(/pinlab \w+ (begin \S+|end \S+)/g)];
    t.deepEqual(
      markers.map(([, what]) => what),
      [`begin ${id}`, `end ${id}`, 'end guest'],
    );
  }
});

test('a panic in a restored guest is reported once, by the test that caused it', async (t) => {
  await using directory = await temporaryDirectory();
  const scripts = { panics: 'echo c > /proc/sysrq-trigger; sleep 60', sound: PASS };
  const tests = [...several('sound', 'a'), ...several('panics', 'b'), ...several('sound', 'c')];
  const record = await runScripts(directory.path, { scripts, tests });
  t.deepEqual(verdicts(record.tests), ['pass sound:a 2', 'lost panics:b 3', 'pass sound:c 4']);
  t.deepEqual(
    record.splats.map((splat) => splat.test),
    ['panics:b'],
  );
});

test('device, SMMU and driver go on working in guests that were restored', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--isolate', 'test', '--grep', 'anon', '--output', directory.path];
  const { code, tail } = await pinlab(['run', 'pin', 'faults', ...options]);
  t.is(code, EXIT.ok, tail);
  const { tests, machine } = await readResults(directory.path);
  const stalls = (id: string) => tests.find((one) => one.id === id)?.counters?.stalls;
  t.is(stalls('pin:pin.anon.unpinned_buffer_stalls_on_every_page'), 64);
  t.is(stalls('pin:pin.anon.pinned_buffer_never_stalls'), 0);
  t.is(new Set(tests.map(({ attempts }) => attempts[0]?.guest)).size, tests.length);
  // The command line that boots such a guest, not that of a restored one.
  t.false(machine.arguments.includes('-incoming'));
});

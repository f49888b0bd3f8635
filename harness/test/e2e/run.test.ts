// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { start } from '../../host/spawn.ts';
import { parseKtap } from '../../ktap/parse.ts';
import { results } from '../../schema/results.ts';
import { oldNode } from '../oldNode.ts';
import { counter, stalls } from './counters.ts';
import {
  CLI,
  pinlab,
  readResults,
  startPinlab,
  temporaryDirectory,
  untilTesting,
  WITHOUT_CALL,
} from './pinlab.ts';
import { childrenOf, isAlive } from './processes.ts';
import { runWithoutPins } from './withoutPins.ts';

/** What the base flavour of 6.12 cannot show, and the reason that each such test gives. */
const NOT_ON_THIS_KERNEL = [
  [/^unpinnable:cannot_pin\.guard_region\./, /they came with 6\.13/],
  [/^unpinnable:cannot_pin\.file_on_dax\./, /no persistent memory/],
  [/^exhausted:global\.no_free_id_is_enospc$/, /more than can be used up/],
  [/^fail_nth:/, /injects no faults/],
  [/^leaks:/, /does not look for leaks/],
  [/^batch:/, /becomes young as a block/],
] as const;
const UNPINNED = 'pin:pin.anon.unpinned_buffer_stalls_on_every_page';
const PINNED = 'pin:pin.anon.pinned_buffer_never_stalls';

test('every test passes that the patched kernel can show, and the device counted why', async (t) => {
  await using directory = await temporaryDirectory();
  const { code, stdout, tail } = await pinlab(['run', '--json', '--output', directory.path]);
  t.not(stdout, '', tail);
  const document = results.parse(JSON.parse(stdout));
  const failed = document.tests.filter(({ status }) => !['pass', 'skip'].includes(status));
  t.deepEqual(
    failed.map(({ id, reason, attempts }) => ({ id, reason, told: attempts[0]?.diagnostics })),
    [],
  );
  t.is(code, EXIT.ok, tail);
  t.deepEqual(document, await readResults(directory.path));
  for (const { id, status, reason } of document.tests) {
    const [, why] = NOT_ON_THIS_KERNEL.find(([ids]) => ids.test(id)) ?? [];
    t.is(status, why ? 'skip' : 'pass', id);
    if (why) t.regex(reason ?? '', why, id);
  }
  t.deepEqual(
    document.splats.filter(({ allowed }) => !allowed),
    [],
  );
  t.true(stalls(document, UNPINNED) > 0);
  t.is(stalls(document, PINNED), 0);
  t.true(counter(document, PINNED, 'bytes-written') > 0);
  t.regex(await readFile(join(directory.path, 'console.log'), 'utf8'), /Linux version/);
});

test('a CPU that sets flags of page tables itself does not fool a pin', async (t) => {
  await using directory = await temporaryDirectory();
  // The SMMU needs as many address bits as the CPU.
  const machine = ['--cpu', 'max,lpa2=off', '--smmu', 'oas=52'];
  const output = ['--json', '--output', directory.path];
  const { code, stdout, tail } = await pinlab(['run', 'batch', ...machine, ...output]);
  t.is(code, EXIT.ok, tail);
  const { machine: booted, summary } = results.parse(JSON.parse(stdout));
  t.is(booted.cpu, 'max,lpa2=off');
  t.like(summary, { passed: 3, failed: 0, skipped: 0 });
});

test('without the system call no pin test passes, and the device still stalls', async (t) => {
  await using directory = await temporaryDirectory();
  const { document, stdout } = await runWithoutPins(t, directory.path, WITHOUT_CALL);
  const ktap = parseKtap(stdout.split('\n'));
  t.deepEqual(ktap.errors, []);
  t.is(ktap.results.length, document.tests.length);
  t.regex(await readFile(join(directory.path, 'junit.xml'), 'utf8'), /<testsuites name="pinlab"/);
  t.regex(await readFile(join(directory.path, 'report.html'), 'utf8'), /<!doctype html>/i);
});

test('two runs at once do not disturb each other', async (t) => {
  await using one = await temporaryDirectory();
  await using two = await temporaryDirectory();
  const run = (output: string) => pinlab(['run', '--grep', 'anon', '--output', output]);
  const ended = await Promise.all([run(one.path), run(two.path)]);
  t.deepEqual(
    ended.map(({ code }) => code),
    [EXIT.ok, EXIT.ok],
    ended.map(({ tail }) => tail).join('\n'),
  );
});

test('an interrupt leaves no QEMU and keeps the verdicts that were there', async (t) => {
  await using directory = await temporaryDirectory();
  await using child = startPinlab(['run', '--output', directory.path]);
  const children = await untilTesting(child);
  process.kill(child.pid, 'SIGINT');
  t.like(await child.exited, { code: EXIT.interrupted });
  t.true(children.length > 0);
  for (const pid of children) t.false(await isAlive(pid), `${pid} is alive`);
  const { summary } = await readResults(directory.path);
  t.true(summary.passed > 0);
  t.true(summary.lost > 0);
  t.is(summary.exitCode, EXIT.interrupted);
});

test('a Node that is too old passes an interrupt on, and takes all along when it is killed', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', EXIT.interrupted],
    ['SIGKILL', undefined],
  ] as const) {
    await using old = await oldNode();
    await using directory = await temporaryDirectory();
    await using child = start(old.path, [...old.args, CLI, 'run', '--output', directory.path], {
      what: 'pinlab',
      env: { CI: 'true' },
    });
    const [pinlab] = await untilTesting(child);
    if (pinlab === undefined) return t.fail('nothing was started');
    const children = [pinlab, ...(await childrenOf(pinlab))];
    t.true(children.length > 1);
    process.kill(child.pid, signal);
    t.is((await child.exited).code, code);
    await untilGone(children);
  }
});

test('a killed harness takes its QEMU along', async (t) => {
  await using directory = await temporaryDirectory();
  await using child = startPinlab(['run', '--output', directory.path]);
  const children = await untilTesting(child);
  process.kill(child.pid, 'SIGKILL');
  await child.exited;
  await untilGone(children);
  t.true(children.length > 0);
});

/** The kernel kills a process as its parent dies; it may be seen a moment longer. */
async function untilGone(pids: readonly number[]) {
  for (const pid of pids) while (await isAlive(pid)) await setTimeout(20);
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, startPinlab, temporaryDirectory } from './pinlab.ts';
import { childrenOf, isAlive } from './processes.ts';
import { FAIL, PASS, runScripts } from './scripts.ts';

test('guests side by side give the results of one, in the order of the plan', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--jobs', '2', '--output', directory.path];
  const { code, tail } = await pinlab(['run', 'pin', 'faults', 'rings', 'device', ...options]);
  t.is(code, EXIT.ok, tail);
  const { tests } = await readResults(directory.path);
  const programs = [...new Set(tests.map(({ program }) => program))];
  t.deepEqual(programs, ['device', 'faults', 'pin', 'rings']);
  const stalls = (id: string) => tests.find((one) => one.id === id)?.counters?.stalls;
  t.is(stalls('pin:pin.anon.unpinned_buffer_stalls_on_every_page'), 64);
  t.is(stalls('pin:pin.anon.pinned_buffer_never_stalls'), 0);
});

test('they really run at the same time, and what one does is not blamed on another', async (t) => {
  await using directory = await temporaryDirectory();
  const scripts = {
    waits: `sleep 6; ${PASS}`,
    panics: 'sleep 3; echo c > /proc/sysrq-trigger; sleep 60',
  };
  const order: string[] = [];
  const record = await runScripts(directory.path, {
    scripts,
    jobs: 2,
    testTimeoutMs: 20_000,
    emit: ({ type }) => order.push(type),
  });
  // Neither had ended when the other began.
  t.deepEqual(
    order.filter((type) => /^test/.test(type)),
    ['testStart', 'testStart', 'testEnd', 'testEnd'],
  );
  t.deepEqual(record.tests.map(({ id, status }) => `${status} ${id}`).sort(), [
    'lost panics:t',
    'pass waits:t',
  ]);
  t.deepEqual(
    record.splats.map((splat) => splat.test),
    ['panics:t'],
  );
});

test('with --fail-fast a failure in one guest lets the others end only what they are at', async (t) => {
  await using directory = await temporaryDirectory();
  const scripts = { fails: `sleep 2; ${FAIL}`, holds: `sleep 4; ${PASS}`, waits: PASS };
  const policy = { onFailure: 'stop' } as const;
  const record = await runScripts(directory.path, {
    scripts,
    policy,
    jobs: 2,
    testTimeoutMs: 20_000,
  });
  t.deepEqual(
    record.tests.map(({ id, status }) => `${status} ${id}`),
    ['fail fails:t', 'pass holds:t'],
  );
});

test('one interrupt ends all guests', async (t) => {
  await using directory = await temporaryDirectory();
  await using child = startPinlab(['run', '--jobs', '2', '--output', directory.path]);
  let output = '';
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
      if ((output.match(/^ok +\S+:/gm) ?? []).length > 3) resolve();
    });
  });
  const children = await childrenOf(child.pid);
  process.kill(child.pid, 'SIGINT');
  t.like(await child.exited, { code: EXIT.interrupted });
  t.true(children.length >= 2);
  for (const pid of children) t.false(await isAlive(pid), `${pid} is alive`);
  const { summary } = await readResults(directory.path);
  t.true(summary.passed > 3);
  t.is(summary.exitCode, EXIT.interrupted);
});

// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { concludeTest } from '../../schema/verdict.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';
import { FAIL, PASS, runScripts } from './scripts.ts';

const UNPINNED = 'pin:pin.anon.unpinned_buffer_stalls_on_every_page';
const PINNED = 'pin:pin.anon.pinned_buffer_never_stalls';

test('repetitions all run, each with what the device counted', async (t) => {
  await using directory = await temporaryDirectory();
  const grep = 'pin.anon.(un)?pinned_buffer';
  const options = ['--repeat-each', '3', '--grep', grep, '--output', directory.path];
  const { code, tail } = await pinlab(['run', 'pin', ...options]);
  t.is(code, EXIT.ok, tail);
  const { tests } = await readResults(directory.path);
  const stalls = (id: string) =>
    tests.find((one) => one.id === id)?.attempts.map(({ counters }) => counters?.stalls);
  t.deepEqual(stalls(UNPINNED), [64, 64, 64]);
  t.deepEqual(stalls(PINNED), [0, 0, 0]);
});

test('a test that fails, then passes, is flaky; one that panics the kernel is retried elsewhere', async (t) => {
  await using directory = await temporaryDirectory();
  const scripts = {
    second: `[ -e /tmp/seen ] && { ${PASS}; }; touch /tmp/seen; ${FAIL}`,
    never: FAIL,
    panics: 'echo c > /proc/sysrq-trigger; sleep 60',
  };
  const { tests } = await runScripts(directory.path, {
    scripts,
    policy: { retries: 1, isolation: 'none' },
  });
  t.deepEqual(
    tests.map(({ id, attempts }) => `${id} ${attempts.map(({ status }) => status).join(' ')}`),
    ['second:t fail pass', 'never:t fail fail', 'panics:t lost lost'],
  );
});

test('the first failure stops the run, and what never started is lost', async (t) => {
  await using directory = await temporaryDirectory();
  const scripts = { one: PASS, two: FAIL, three: PASS };
  const record = await runScripts(directory.path, { scripts, policy: { onFailure: 'stop' } });
  t.deepEqual(
    record.tests.map(({ id, status }) => `${status} ${id}`),
    ['pass one:t', 'fail two:t'],
  );
  t.is(record.notStarted, 'not started: the run stopped when two:t failed');
});

test('only what failed last time runs again, and is not green when nothing did', async (t) => {
  await using directory = await temporaryDirectory();
  const output = ['--output', directory.path];
  await pinlab(['run', '--grep', 'pinned_buffer.*page|never_stalls', 'pin', ...output]);
  const before = await readResults(directory.path);
  t.true(before.tests.length > 1);
  const tests = before.tests.map((one) =>
    one.id === PINNED
      ? concludeTest(one.id, [{ status: 'fail', durationMs: 1, diagnostics: [] }])
      : one,
  );
  await writeFile(join(directory.path, 'results.json'), JSON.stringify({ ...before, tests }));
  const { code, tail } = await pinlab(['run', '--last-failed', ...output]);
  t.is(code, EXIT.ok, tail);
  const after = await readResults(directory.path);
  t.deepEqual(
    after.tests.map(({ id }) => id),
    [PINNED],
  );
  const none = await pinlab(['run', '--last-failed', ...output]);
  t.is(none.code, EXIT.infra);
  t.regex(none.stderr, /no test failed in the run recorded in/);
});

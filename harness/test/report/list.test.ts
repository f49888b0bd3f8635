// SPDX-License-Identifier: MIT

import test from 'ava';
import { ListReporter } from '../../report/list.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';
import { Collected, replay } from './collect.ts';
import { CONTROLS, hostileResults } from './hostile.ts';

async function listed(results: Parameters<typeof replay>[1], color = false): Promise<string[]> {
  const stream = new Collected();
  await replay([new ListReporter({ stream, color })], results);
  return stream.lines;
}

test('a line per test: status, id, time, and stalls if there were any', async (t) => {
  const tests = [
    sampleTest({ name: 'pin.x' }),
    sampleTest({ name: 'faults.y', counters: { stalls: 1 }, durationMs: 4200 }),
    sampleTest({ name: 'z', status: 'skip', reason: 'no device', counters: null }),
  ];
  t.deepEqual(await listed(sampleResults(tests)), [
    'running 3 tests',
    'ok    mempinfd:pin.x       12 ms',
    'ok    mempinfd:faults.y    4.2 s  1 stall',
    'skip  mempinfd:z           12 ms  no device',
    '',
    'passed: 2 passed, 1 skipped in 4.2 s',
  ]);
});

test('a failure is told in full at the end', async (t) => {
  const bad = sampleTest({
    name: 'pin.base.x',
    status: 'fail',
    reason: 'Expected 0 (0) == 22 (22)',
    source: { file: 'guest-tests/pin.c', line: 12 },
    attempts: [{ status: 'fail', durationMs: 3, diagnostics: ['# pin.c:14:x:Expected'] }],
    splats: ['warning-0123456789ab'],
  });
  const lines = await listed(sampleResults([bad], [sampleSplat({ test: bad.id })]));
  t.deepEqual(lines.slice(3), [
    'FAIL mempinfd:pin.base.x',
    '  Expected 0 (0) == 22 (22)',
    '  at guest-tests/pin.c:12',
    '    # pin.c:14:x:Expected',
    '  device: translations 16',
    '  splat: warning-0123456789ab',
    "  again: npx pinlab run --grep '^mempinfd:pin\\.base\\.x$'",
    '',
    'SPLAT WARNING in mempinfd_pin during mempinfd:pin.base.x',
    '  fingerprint warning-0123456789ab',
    '  mempinfd_pin+0x10 (mm/mempinfd.c:10)',
    '    WARNING: CPU: 0 PID: 1 at mm/mempinfd.c:10 mempinfd_pin+0x10/0x20',
    '',
    'failed: 0 passed, 1 failed, 1 splat in 4.2 s',
  ]);
});

test('the command to run a test again replaces an earlier selection', async (t) => {
  const bad = sampleTest({ name: "it's", status: 'lost', reason: 'guest died' });
  const shard = ['--last-failed', '--shard', '1/2', '--durations', 'results.json'];
  for (const grep of [['--grep', 'pin'], ['--grep=pin'], shard]) {
    const results = { ...sampleResults([bad]), command: ['pinlab', 'run', ...grep, '--cpus', '4'] };
    const again = (await listed(results)).find((line) => line.startsWith('  again: '));
    t.is(again, "  again: npx pinlab run --cpus 4 --grep '^mempinfd:it'\\''s$'");
  }
});

test('the command to run a test again is whole, however many patches it names', async (t) => {
  const bad = sampleTest({ name: 'x', status: 'fail' });
  const patches = Array.from({ length: 40 }, (_, i) => `/home/me/outgoing/v5/00${i}-mm-gup.patch`);
  const command = ['pinlab', 'run', '--series', ...patches];
  const again = (await listed({ ...sampleResults([bad]), command })).find((line) =>
    line.startsWith('  again: '),
  );
  t.is(again, `  again: npx ${command.join(' ')} --grep '^mempinfd:x$'`);
});

test('a replay is run again as it is: a bundle has one test', async (t) => {
  const bad = sampleTest({ status: 'fail' });
  const results = { ...sampleResults([bad]), command: ['pinlab', 'replay', 'results/failures/x'] };
  const again = (await listed(results)).find((line) => line.startsWith('  again: '));
  t.is(again, '  again: npx pinlab replay results/failures/x');
});

test('retries show each attempt, and a flaky pass says so', async (t) => {
  const attempt = { durationMs: 1, diagnostics: [] };
  const flaky = sampleTest({
    attempts: [
      { ...attempt, status: 'fail' },
      { ...attempt, status: 'pass' },
    ],
  });
  const bad = sampleTest({
    name: 'bad',
    status: 'fail',
    attempts: [
      { ...attempt, status: 'lost', reason: 'guest died' },
      { ...attempt, status: 'fail' },
    ],
  });
  const lines = await listed(sampleResults([flaky, bad]));
  t.true(lines.some((line) => line.endsWith('flaky: 1 of 2 attempts failed')));
  t.true(lines.includes('  attempt 1 of 2: lost, guest died'));
  t.true(lines.includes('  attempt 2 of 2: fail'));
  t.is(lines.at(-1), 'failed: 1 passed, 1 failed, 1 flaky in 4.2 s');
});

test('a test that failed in some repetitions says in how many, and shows no others', async (t) => {
  const attempt = { durationMs: 1, diagnostics: [] };
  const attempts = [
    { ...attempt, status: 'pass', repetition: 1 } as const,
    { ...attempt, status: 'fail', repetition: 2 } as const,
  ];
  const lines = await listed(
    sampleResults([sampleTest({ status: 'fail', reason: 'stalled', attempts })]),
  );
  t.true(lines.some((line) => line.endsWith('1 of 2 attempts failed: stalled')));
  t.true(lines.includes('  attempt 2 of 2: fail'));
  t.false(lines.some((line) => line.includes('attempt 1 of 2')));
});

test('a run in which nothing passed is never called passed', async (t) => {
  t.is((await listed(sampleResults([]))).at(-1), 'nothing ran: 0 passed in 4.2 s');
  const skipped = sampleResults([sampleTest({ status: 'skip' })]);
  t.is((await listed(skipped)).at(-1), 'nothing ran: 0 passed, 1 skipped in 4.2 s');
});

test('colour only where it was asked for', async (t) => {
  const results = sampleResults([sampleTest()]);
  t.notRegex((await listed(results)).join('\n'), CONTROLS);
  t.true(
    (await listed(results, true)).includes(
      '\x1b[32mok  \x1b[0m  mempinfd:pin.base.no_stalls    12 ms',
    ),
  );
});

test('text of a hostile guest stays text', async (t) => {
  t.notRegex((await listed(hostileResults())).join('\n'), CONTROLS);
});

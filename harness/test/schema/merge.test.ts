// SPDX-License-Identifier: MIT

import test, { type ExecutionContext } from 'ava';
import { EXIT, InfraError } from '../../errors.ts';
import { mergeShards } from '../../schema/merge.ts';
import { type Results, results } from '../../schema/results.ts';
import { concludeTest } from '../../schema/verdict.ts';
import { sampleResults, sampleSplat, sampleTest } from './sample.ts';

const TESTS = ['a', 'b', 'c'].map((name) => sampleTest({ name }));
const PLAN = TESTS.map(({ id }) => id);

/** Shard `index` of two, with the tests that `had` names by their place in the plan. */
function shard(index: number, had: readonly number[], fields: Partial<Results> = {}): Results {
  const tests = TESTS.filter((_, i) => had.includes(i));
  const part = { shard: { index, total: 2, plan: PLAN } };
  const command = ['pinlab', 'run', '--shard', `${index}/2`, '--grep', 'x'];
  return { ...sampleResults(tests), ...part, command, ...fields };
}

const first = shard(1, [1]);
const second = shard(2, [0, 2]);

test('all shards of a run are one run, in the order of its plan', (t) => {
  const merged = mergeShards([second, { ...first, durationMs: 9000 }]);
  t.deepEqual(results.parse(merged), merged);
  t.deepEqual(merged.tests, TESTS);
  t.is(merged.shard, undefined);
  t.deepEqual(merged.command, ['pinlab', 'run', '--grep', 'x']);
  t.is(merged.durationMs, 9000);
  t.is(merged.summary.passed, 3);
  t.is(merged.summary.exitCode, EXIT.ok);
});

test('coverage of the shards is added', (t) => {
  const counted = (count: number) => ({
    files: [{ file: 'mm/a.c', lines: [{ line: 1, count }] }],
    guests: { counted: 1, lost: 0 },
  });
  const merged = mergeShards([
    { ...first, coverage: counted(2) },
    { ...second, coverage: counted(3) },
  ]);
  t.is(merged.coverage?.files[0]?.lines[0]?.count, 5);
  t.deepEqual(merged.coverage?.guests, { counted: 2, lost: 0 });
});

test('what is wrong in one shard is wrong in the run', (t) => {
  const splat = sampleSplat({ test: null });
  const splatted = mergeShards([first, { ...second, splats: [splat] }]);
  t.deepEqual(splatted.splats, [splat]);
  t.is(splatted.summary.exitCode, EXIT.failed);
  const error = { message: 'the disk is full', exitCode: EXIT.infra };
  const stopped = mergeShards([first, { ...second, error }]);
  t.deepEqual(stopped.error, error);
  t.is(stopped.summary.exitCode, EXIT.infra);
});

test('a shard in which everything skipped is no error of the run', (t) => {
  const skipped = sampleResults([sampleTest({ name: 'b', status: 'skip' })]);
  t.is(skipped.summary.exitCode, EXIT.infra);
  const merged = mergeShards([{ ...first, ...skipped, shard: first.shard }, second]);
  t.is(merged.summary.exitCode, EXIT.ok);
});

test('flakiness counts as it is asked to', (t) => {
  const attempt = { durationMs: 1, diagnostics: [] };
  const attempts = [
    { ...attempt, status: 'fail' } as const,
    { ...attempt, status: 'pass' } as const,
  ];
  const flaky = { ...first, tests: [concludeTest(PLAN[1] as string, attempts)] };
  t.is(mergeShards([flaky, second]).summary.exitCode, EXIT.ok);
  t.is(mergeShards([flaky, second], { flaky: 'failure' }).summary.exitCode, EXIT.failed);
  const red = { ...flaky, summary: { ...flaky.summary, exitCode: EXIT.failed } };
  t.is(mergeShards([red, second]).summary.exitCode, EXIT.failed);
});

test('a flaky test fails a whole run as well, if asked to', (t) => {
  const tries = (['fail', 'pass'] as const).map((status) => ({
    status,
    durationMs: 1,
    diagnostics: [],
  }));
  const whole = sampleResults([concludeTest('a:b.c', tries)]);
  t.is(mergeShards([whole]).summary.exitCode, EXIT.ok);
  t.is(mergeShards([whole], { flaky: 'failure' }).summary.exitCode, EXIT.failed);
});

test('the results of one whole run are what they are', (t) => {
  const whole = sampleResults(TESTS);
  t.deepEqual(mergeShards([whole]), whole);
});

function refused(t: ExecutionContext, parts: Results[], why: RegExp) {
  const error = t.throws(() => mergeShards(parts), { instanceOf: InfraError });
  t.regex(error?.message ?? '', why);
  t.is(error?.exitCode, EXIT.infra);
}

test('a shard that is missing, there twice, or no shard is refused', (t) => {
  refused(t, [first], /shard 2\/2 is missing/);
  refused(t, [second], /shard 1\/2 is missing/);
  refused(t, [first, second, first], /2 results of shard 1\/2/);
  refused(t, [first, sampleResults(TESTS)], /of a whole run/);
  refused(t, [], /no shards/);
});

test('shards of different runs are refused, and the difference is named', (t) => {
  const kernel = { ...second.inputs.kernel, configSha256: 'b'.repeat(64) };
  const other = { ...second, inputs: { ...second.inputs, kernel } };
  refused(t, [first, other], /differ in the kernel/);
  refused(t, [first, { ...second, pinlab: { version: '9' } }], /differ in the version of pinlab/);
  refused(t, [first, { ...second, machine: { ...second.machine, cpus: 4 } }], /in the machine/);
  const plan = { index: 2, total: 2, plan: PLAN.slice(1) };
  refused(t, [first, { ...second, shard: plan }], /differ in the plan/);
  refused(t, [first, { ...second, shard: { ...plan, total: 3 } }], /in the number of shards/);
});

test('shards of one tree at different commits are of different kernels', (t) => {
  const at = (part: Results, commit: string) => {
    const kernel = { ...part.inputs.kernel, series: [], commit };
    return { ...part, inputs: { ...part.inputs, kernel } };
  };
  const [one, other] = ['1'.repeat(40), '2'.repeat(40)] as [string, string];
  refused(t, [at(first, one), at(second, other)], /differ in the kernel/);
  refused(t, [at(first, one), at(second, `${one}+${'3'.repeat(64)}`)], /differ in the kernel/);
  const merged = mergeShards([at(first, one), at(second, one)]);
  t.deepEqual(results.parse(merged), merged);
});

test('shards that were cut differently are refused', (t) => {
  refused(t, [first, shard(2, [0])], /mempinfd:c is in no shard/);
  refused(t, [first, shard(2, [0, 1, 2])], /mempinfd:b is in two shards/);
});

test('what differs from machine to machine does not make another run', (t) => {
  const image = { ...second.inputs.image, sha256: 'b'.repeat(64) };
  t.notThrows(() => mergeShards([first, { ...second, inputs: { ...second.inputs, image } }]));
});

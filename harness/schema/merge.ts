// SPDX-License-Identifier: MIT

import { isDeepStrictEqual } from 'node:util';
import { EXIT, InfraError } from '../errors.ts';
import { addCoverage } from './coverage.ts';
import type { Results } from './results.ts';
import { completePlan, type SummaryOptions, summarise } from './verdict.ts';

type ShardResults = Results & Required<Pick<Results, 'shard'>>;

/** The results of a run whose shards are `parts`, or which is the only part; `InfraError` unless they are all of one run's. */
export function mergeShards(
  parts: readonly Results[],
  policy: Pick<SummaryOptions, 'flaky'> = {},
): Results {
  const [whole] = parts;
  if (whole && parts.length === 1 && !whole.shard) return held(whole, policy);
  const shards = parts.map(requireShard).sort((a, b) => a.shard.index - b.shard.index);
  const [first] = shards;
  if (!first) throw new InfraError('there are no shards to merge');
  for (const other of shards.slice(1)) requireSameRun(first, other);
  requireEachOnce(shards);
  requireWholePlan(shards, first.shard.plan);
  const { shard: _, error: __, ...common } = first;
  const tests = completePlan(
    first.shard.plan,
    shards.flatMap((one) => one.tests),
    '',
  );
  const splats = shards.flatMap((one) => one.splats);
  const covered = shards.flatMap((one) => one.coverage ?? []);
  const error = shards.find((one) => one.error)?.error;
  return {
    ...common,
    command: first.command.filter((word, i) => !isShardOption(word, first.command[i - 1])),
    startedAt: shards.map(({ startedAt }) => startedAt).sort()[0] as string,
    // They ran side by side.
    durationMs: Math.max(...shards.map(({ durationMs }) => durationMs)),
    ...{ tests, splats, ...(error ? { error } : {}) },
    ...(covered.length > 0 ? { coverage: addCoverage(covered) } : {}),
    summary: summarise(tests, splats, { aborted: error?.exitCode, ...stricter(policy, shards) }),
  };
}

/** A shard that flaky tests alone made red was run with a policy that the whole run keeps. */
function stricter(
  policy: Pick<SummaryOptions, 'flaky'>,
  shards: readonly Results[],
): Pick<SummaryOptions, 'flaky'> {
  const strict = shards.some(
    ({ summary: { exitCode, failed, lost, splats } }) =>
      exitCode === EXIT.failed && failed + lost + splats === 0,
  );
  return strict ? { flaky: 'failure' } : policy;
}

/** A whole run, whose own policy may have been the stricter one. */
function held(whole: Results, { flaky }: Pick<SummaryOptions, 'flaky'>): Results {
  if (flaky !== 'failure') return whole;
  const { tests, splats, error } = whole;
  return { ...whole, summary: summarise(tests, splats, { aborted: error?.exitCode, flaky }) };
}

function requireShard(part: Results): ShardResults {
  const { shard } = part;
  if (shard) return { ...part, shard };
  throw new InfraError('one of the results is of a whole run, not of a shard', {
    hint: `it was made by: ${part.command.join(' ')}`,
  });
}

/** What must be equal for two shards to be of one run: what was judged, by what, and the plan. */
function identity({ pinlab, inputs, machine, shard }: ShardResults) {
  const { source: _, imageSha256: __, ...kernel } = inputs.kernel;
  const { cpu, cpus, memoryMiB, accelerator, smmu } = machine;
  return {
    'version of pinlab': pinlab.version,
    kernel,
    QEMU: { version: inputs.qemu.version, patches: inputs.qemu.patches },
    machine: { cpu, cpus, memoryMiB, accelerator, smmu },
    'number of shards': shard.total,
    plan: shard.plan,
  };
}

function requireSameRun(one: ShardResults, other: ShardResults) {
  const expected = Object.entries(identity(one));
  const found: Record<string, unknown> = identity(other);
  const [name] = expected.find(([key, value]) => !isDeepStrictEqual(value, found[key])) ?? [];
  if (name === undefined) return;
  const which = `shard ${one.shard.index}/${one.shard.total} and ${other.shard.index}/${other.shard.total}`;
  throw new InfraError(`${which} are not of one run: they differ in the ${name}`);
}

function requireEachOnce(shards: readonly ShardResults[]) {
  const total = shards[0]?.shard.total ?? 0;
  for (let index = 1; index <= total; index += 1) {
    const found = shards.filter(({ shard }) => shard.index === index).length;
    if (found === 0) throw new InfraError(`shard ${index}/${total} is missing`);
    if (found > 1) throw new InfraError(`there are ${found} results of shard ${index}/${total}`);
  }
}

function requireWholePlan(shards: readonly ShardResults[], plan: readonly string[]) {
  const ids = shards.flatMap(({ tests }) => tests.map(({ id }) => id));
  const had = new Set(ids);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  const missing = plan.find((id) => !had.has(id));
  if (twice === undefined && missing === undefined) return;
  const what = missing === undefined ? `${twice} is in two shards` : `${missing} is in no shard`;
  throw new InfraError(`the shards were cut differently: ${what}`, {
    hint: 'give all shards the same recorded durations: --durations FILE',
  });
}

function isShardOption(word: string, before: string | undefined): boolean {
  return word === '--shard' || word.startsWith('--shard=') || before === '--shard';
}

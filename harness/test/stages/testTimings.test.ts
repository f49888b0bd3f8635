// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { durationsOf, readTestTimings, writeTestTimings } from '../../stages/testTimings.ts';
import { sampleTest } from '../schema/sample.ts';

async function emptyRoot() {
  const root = await mkdtemp(join(tmpdir(), 'timings-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('a test’s duration is that of one attempt, and only of one that ran', (t) => {
  const attempt = { status: 'pass' as const, durationMs: 20, diagnostics: [] };
  const twice = sampleTest({ name: 'twice', durationMs: 40, attempts: [attempt, attempt] });
  const skipped = sampleTest({ name: 'skipped', status: 'skip' });
  const lost = sampleTest({ name: 'lost', status: 'lost' });
  t.deepEqual([...durationsOf([twice, skipped, lost])], [[twice.id, 20]]);
});

test('what ran last counts, what did not run is remembered, flavours are apart', async (t) => {
  await using f = await emptyRoot();
  const one = sampleTest({ name: 'one', durationMs: 10 });
  const two = sampleTest({ name: 'two', durationMs: 20 });
  await writeTestTimings(f.root, 'base', [one, two]);
  await writeTestTimings(f.root, 'base', [{ ...two, durationMs: 30 }]);
  t.deepEqual(Object.fromEntries(await readTestTimings(f.root, 'base')), {
    [one.id]: 10,
    [two.id]: 30,
  });
  t.is((await readTestTimings(f.root, 'debug')).size, 0);
});

test('a cache that cannot be written to costs the record and nothing else', async (t) => {
  await t.notThrowsAsync(writeTestTimings('/dev/null/cache', 'base', [sampleTest()]));
});

test('a damaged record counts as none', async (t) => {
  await using f = await emptyRoot();
  await mkdir(join(f.root, 'timings'));
  for (const text of ['', '{"a:b": "fast"}', '{"a:b": -1}', '[']) {
    await writeFile(join(f.root, 'timings/tests-base.json'), text);
    t.is((await readTestTimings(f.root, 'base')).size, 0, text);
  }
});

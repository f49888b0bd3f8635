// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory } from './pinlab.ts';

test('shards share a run out among them, and merged they are that run', async (t) => {
  await using directory = await temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const run = (...options: string[]) => pinlab(['run', 'pin', 'device', 'rings', ...options]);
  t.is((await run('--output', at('whole'))).code, EXIT.ok);
  const whole = await readResults(at('whole'));
  // The runs in between change what the cache remembers; the file stays.
  for (const index of [1, 2]) {
    const output = at(`shards/${index}`);
    const shard = ['--shard', `${index}/2`, '--durations', at('whole'), '--output', output];
    const { code, tail } = await run(...shard);
    t.is(code, EXIT.ok, tail);
    t.true((await readResults(output)).tests.length < whole.tests.length);
  }
  const merge = () => pinlab(['merge-reports', at('shards'), '--output', at('merged')]);
  const { code, tail } = await merge();
  t.is(code, EXIT.ok, tail);
  const merged = await readResults(at('merged'));
  const verdicts = ({ tests }: typeof merged) => tests.map(({ id, status }) => `${status} ${id}`);
  t.deepEqual(verdicts(merged), verdicts(whole));
  await rm(at('shards/2'), { recursive: true });
  const missing = await merge();
  t.is(missing.code, EXIT.infra);
  t.regex(missing.stderr, /shard 2\/2 is missing/);
});

// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory, WITHOUT_CALL } from './pinlab.ts';

const PINNED = 'pin:pin.anon.pinned_buffer_never_stalls';
const NOP = 'device:device.nop_moves_nothing';

/** A run of one test that needs the system call and one that does not. */
async function runInto(output: string, args: readonly string[]) {
  const grep = `^(${PINNED}|${NOP})$`;
  const { code, tail } = await pinlab(['run', '--grep', grep, '--output', output, ...args]);
  if (code !== EXIT.ok) throw new Error(tail);
}

test.serial(
  'two runs are compared test by test, and the exit code says whether the second is worse',
  async (t) => {
    await using directory = await temporaryDirectory();
    const [patched, again, without] = ['patched', 'again', 'without'].map((name) =>
      join(directory.path, name),
    ) as [string, string, string];
    await runInto(patched, []);
    await runInto(again, []);
    await runInto(without, WITHOUT_CALL);

    const equal = await pinlab(['compare', patched, join(again, 'results.json')]);
    t.is(equal.stdout, 'no regression');
    t.is(equal.code, EXIT.ok);

    const worse = await pinlab(['compare', patched, without]);
    const changes = worse.stdout.split('\n');
    t.is(changes[0], `pass → skip  ${PINNED}`);
    t.true(changes.includes(`${PINNED}  descriptors 2 → 0`), worse.stdout);
    t.false(worse.stdout.includes(NOP));
    t.is(changes.at(-1), '1 regression');
    t.is(worse.code, EXIT.failed);

    const better = await pinlab(['compare', without, patched]);
    t.regex(better.stdout, new RegExp(`^skip → pass  ${PINNED}\n`));
    t.regex(better.stdout, /\nno regression$/);
    t.is(better.code, EXIT.ok);

    const json = await pinlab(['compare', '--json', patched, without]);
    t.is(json.code, EXIT.failed);
    const { statuses, regressions } = JSON.parse(json.stdout);
    t.deepEqual(statuses, [{ id: PINNED, before: 'pass', after: 'skip' }]);
    t.deepEqual(regressions, [`${PINNED}: pass before, skip now`]);

    const results = await readResults(patched);
    const spoiled = join(directory.path, 'spoiled.json');
    await writeFile(spoiled, JSON.stringify({ ...results, tests: 'none' }));
    const refused = await pinlab(['compare', patched, spoiled]);
    t.is(refused.code, EXIT.infra);
    t.regex(refused.stderr, /spoiled\.json is not a results document of this version/);
  },
);

test.serial(
  'what is no document of a run or a benchmark is refused, named, and says what to do',
  async (t) => {
    await using directory = await temporaryDirectory();
    const file = (name: string) => join(directory.path, name);
    await mkdir(file('empty-directory'));
    await writeFile(file('empty'), '');
    await writeFile(file('binary'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff, 0xfe]));
    await writeFile(file('other.json'), '{"schema": "something else"}');
    await writeFile(file('null.json'), 'null');
    await writeFile(file('bench.json'), '{"schema": "pinlab.bench/1", "figures": []}');
    const refused: [string, RegExp][] = [
      ['absent', /cannot read .*absent: ENOENT/],
      ['empty-directory', /empty-directory holds neither results\.json nor bench\.json/],
      ['empty', /empty is not JSON/],
      ['binary', /binary is not JSON/],
      ['other.json', /other\.json is neither results\.json nor bench\.json/],
      ['null.json', /null\.json is neither results\.json nor bench\.json/],
    ];
    for (const [name, why] of refused) {
      const { code, stdout, stderr } = await pinlab(['compare', file(name), file('bench.json')]);
      t.is(code, EXIT.usage, stderr);
      t.is(stdout, '');
      t.regex(stderr, why);
      t.regex(stderr, /what to do:/);
      t.notRegex(stderr, /\n {4}at /);
    }
  },
);

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import type { FileCoverage } from '../../schema/coverage.ts';
import {
  pinlab,
  ROOT,
  readResults,
  startPinlab,
  temporaryDirectory,
  untilTesting,
} from '../e2e/pinlab.ts';

const PINNED = '^pin:pin.anon.pinned_buffer_never_stalls$';

/** Runs one test `times` times, each in a guest of its own. */
async function covered(directory: string, times: number) {
  const options = ['--isolate', 'test', '--repeat-each', `${times}`, '--jobs', '1'];
  const { code, tail, stderr } = await pinlab([
    ...['run', 'pin', '--coverage', '--grep', PINNED, '--output', directory],
    ...options,
  ]);
  if (code !== EXIT.ok) throw new Error(tail);
  const { coverage } = await readResults(directory);
  const [file] = coverage?.files ?? [];
  if (!coverage || !file) throw new Error('no coverage');
  return { coverage, file, stderr };
}

/** How often mempinfd() was called, which alone does not depend on how memory lies. */
async function calls({ lines }: FileCoverage): Promise<number> {
  const source = await readFile(join(ROOT, 'kernel/mempinfd/mm/mempinfd.c'), 'utf8');
  const opens =
    source.split('\n').findIndex((line) => line.includes('= anon_inode_create_getfd(')) + 1;
  const found = lines.find(({ line }) => line === opens);
  if (!found) throw new Error(`no code in line ${opens} of mempinfd.c`);
  return found.count;
}

test.serial('the lines of the series that ran are counted, in all guests together', async (t) => {
  await using directory = await temporaryDirectory();
  const once = await covered(directory.path, 1);
  t.deepEqual(
    once.coverage.files.map(({ file }) => file),
    ['mm/mempinfd.c'],
  );
  t.deepEqual(once.coverage.guests, { counted: 2, lost: 0 });
  const ran = once.file.lines.filter(({ count }) => count > 0).length;
  t.true(ran > 50, `${ran} lines ran`);
  t.true(ran < once.file.lines.length, 'one test does not reach every line');
  const lcov = await readFile(join(directory.path, 'coverage.lcov'), 'utf8');
  for (const { line, count } of once.file.lines) t.true(lcov.includes(`\nDA:${line},${count}\n`));
  t.regex(lcov, new RegExp(`^SF:mm/mempinfd\\.c$[\\s\\S]*^LH:${ran}$`, 'm'));
  t.regex(once.stderr, new RegExp(`^mm/mempinfd\\.c +${ran} +${once.file.lines.length} `, 'm'));
  const three = await covered(directory.path, 3);
  t.deepEqual(three.coverage.guests, { counted: 4, lost: 0 });
  t.is(await calls(three.file), 3 * (await calls(once.file)));
});

test.serial('the counts of a guest that is killed are lost, and the run says so', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--coverage', '--jobs', '1', '--output', directory.path];
  await using child = startPinlab(['run', 'pin', '--grep', 'anon', ...options]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const children = await untilTesting(child);
  for (const pid of children) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('qemu-system')) process.kill(pid, 'SIGKILL');
  }
  t.like(await child.exited, { code: EXIT.failed });
  const { coverage } = await readResults(directory.path);
  t.is(coverage?.guests.lost, 1);
  t.true((coverage?.guests.counted ?? 0) >= 2);
  t.regex(said, /what ran in a guest that was lost is not counted/);
});

test.serial('a series that adds no file has nothing to cover', async (t) => {
  const { code, stderr } = await pinlab(['run', '--coverage', '--no-series']);
  t.is(code, EXIT.usage);
  t.regex(stderr, /--coverage: the series adds no C file to the kernel/);
});

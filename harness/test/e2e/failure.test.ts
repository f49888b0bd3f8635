// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { hashFile, hashTree } from '../../host/hash.ts';
import { bundle } from '../../schema/bundle.ts';
import { FAILURES } from '../../stages/failureBundle.ts';
import { FAILING, pinlab, readResults, temporaryDirectory, WITH_FAULT } from './pinlab.ts';

test('a kernel with a fault ends in exit code 1, and the failure can be run again from its bundle', async (t) => {
  await using directory = await temporaryDirectory();
  const run = ['run', 'pin_args', ...WITH_FAULT, '--output', directory.path];
  const { code, stderr, tail } = await pinlab(run);
  t.is(code, EXIT.failed, tail);
  t.regex(stderr, /^failed: \d+ passed, 1 failed/m);
  t.deepEqual(await bad(directory.path), [`fail ${FAILING}`]);

  const failures = join(directory.path, FAILURES);
  const [name = '', ...others] = await readdir(failures);
  t.deepEqual(others, []);
  const failure = join(failures, name);
  const text = (file: string) => readFile(join(failure, file), 'utf8');
  const console = await text('console.log');
  t.regex(console, /Linux version 6\.12/);
  t.true(console.includes(` begin ${FAILING}`));
  t.regex(await text('ktap.txt'), /^not ok 1 pin_args\.id_that_does_not_exist_is_enoent # fail: /m);
  t.regex(await text('kernel.config'), /^CONFIG_MEMPINFD=y$/m);
  const { artifacts, test: of } = bundle.parse(JSON.parse(await text('bundle.json')));
  t.is(of.id, FAILING);
  t.true((await text('qemu-command.txt')).startsWith(artifacts.qemu.path));
  const { guestTests, ...files } = artifacts;
  t.is(await hashTree(guestTests.path), guestTests.sha256);
  for (const { path, sha256 } of Object.values(files)) t.is(await hashFile(path), sha256, path);

  const again = await pinlab(['replay', failure]);
  t.is(again.code, EXIT.failed, again.tail);
  t.regex(again.stderr, /^replay: the same again$/m);
  t.deepEqual(await bad(join(failure, 'replay')), [`fail ${FAILING}`]);
});

/** What did not pass or skip, by the results in `directory`. */
async function bad(directory: string): Promise<string[]> {
  const { tests } = await readResults(directory);
  return tests
    .filter(({ status }) => status !== 'pass' && status !== 'skip')
    .map(({ status, id }) => `${status} ${id}`);
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { run } from '../../host/spawn.ts';
import { judge } from '../../ktap/judge.ts';
import { kselftestTests, parseKselftests } from '../../stages/kselftests.ts';

const WRAPPER = join(import.meta.dirname, '../../../guest-tests/kselftest/kselftest');

test('selftests are named by collection and program', (t) => {
  const kselftests = parseKselftests('mm:mlock2-tests,iommu:iommufd');
  t.deepEqual(kselftests, [
    { collection: 'mm', program: 'mlock2-tests' },
    { collection: 'iommu', program: 'iommufd' },
  ]);
  const [first] = kselftestTests(kselftests);
  t.deepEqual(first, {
    id: 'kselftest:mm:mlock2-tests',
    program: 'kselftest',
    name: 'mm:mlock2-tests',
  });
  for (const text of ['', 'cow', 'mm:', 'mm:../x', 'net:tls', 'mm:cow,', 'mm:cow mm:x']) {
    t.throws(() => parseKselftests(text), { instanceOf: UsageError }, text);
  }
});

test('a selftest that is named twice would have one result: it is refused', (t) => {
  const error = t.throws(() => parseKselftests('mm:cow,mm:migration,mm:cow'), {
    instanceOf: UsageError,
  });
  t.is(error?.message, '--kselftest names mm:cow twice');
  t.regex(error?.hint ?? '', /--repeat-each/);
});

/** What the wrapper's last step makes of a program that exited with `code`. */
async function verdict(code: number) {
  const script = await readFile(WRAPPER, 'utf8');
  const [, finish] = /^(finish\(\) \{.*?^\})$/ms.exec(script) ?? [];
  const text = `name=mm:x; echo TAP version 13; echo 1..1; ${finish}\nfinish ${code} 'no memory'`;
  const { stdout } = await run('sh', ['-c', `(${text}); echo "exit $?"`], { what: 'the wrapper' });
  const lines = stdout.split('\n');
  const exit = lines.findLast((line) => line.startsWith('exit '));
  return judge('mm:x', lines, { how: 'exited', code: Number(exit?.slice(5)) });
}

test('the exit status of a selftest counts as in kselftest', async (t) => {
  t.like(await verdict(0), { status: 'pass' });
  t.like(await verdict(4), { status: 'skip', reason: 'no memory' });
  t.like(await verdict(1), { status: 'fail', reason: 'exit status 1' });
  t.like(await verdict(139), { status: 'fail', reason: 'exit status 139' });
});

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { shrunkOperations } from '../../stages/fuzz.ts';
import { pinlab, readResults, temporaryDirectory } from '../e2e/pinlab.ts';

const PLANTED = join(import.meta.dirname, '../planted');

/** Each bug of harness/test/planted, what the fuzzer calls it, and operations that a short form has. */
const BUGS: Record<string, { named: RegExp; needs: RegExp; atMost: number }> = {
  'partial-pin-leaks-pages': { named: /pages are pinned for ever/, needs: /^pin /, atMost: 5 },
  'partial-pin-leaks-charge': { named: /VmPin after pin/, needs: /^pin /, atMost: 3 },
  'pin-charges-no-vmpin': { named: /VmPin after pin/, needs: /^pin /, atMost: 3 },
  // Every episode ends with a try of the limit: all but one operation can go, whichever it is.
  'pin-charges-no-limit': { named: /result of pin/, needs: /^\w+ /, atMost: 1 },
  'unpin-keeps-limit': { named: /result of pin/, needs: /^unpin /, atMost: 8 },
  'pin-ignores-write': {
    named: /result of pin|no faults on pinned memory/,
    needs: /^pin .*flags=[23]/,
    atMost: 4,
  },
  'file-of-any-mm': { named: /who may use a file/, needs: /^fork /, atMost: 4 },
};

for (const [bug, { named, needs, atMost }] of Object.entries(BUGS)) {
  test.serial(`the fuzzer finds ${bug}, shortens it and names it`, async (t) => {
    await using directory = await temporaryDirectory();
    const kernel = ['--patch', join(PLANTED, `${bug}.patch`)];
    const options = [...kernel, '--fail-fast', '--output', directory.path];
    const { code, tail } = await pinlab(['fuzz', ...options]);
    t.is(code, EXIT.failed, tail);
    const { tests } = await readResults(directory.path);
    const [found] = tests.filter(({ status }) => status === 'fail');
    t.regex(found?.reason ?? '', named);
    const operations = shrunkOperations(found?.attempts[0] ?? { diagnostics: [] });
    t.true(
      operations.some((line) => needs.test(line)),
      operations.join('\n'),
    );
    t.true(operations.length <= atMost, operations.join('\n'));

    const file = join(directory.path, `${found?.id.replace(':', '_')}.txt`);
    t.true((await readFile(file, 'utf8')).includes(operations[0] ?? 'nothing'));
    const again = join(directory.path, 'again');
    const replay = ['fuzz', ...kernel, '--replay', file, '--output', again];
    t.is((await pinlab(replay)).code, EXIT.failed);
    t.regex((await readResults(again)).tests[0]?.reason ?? '', named);
    // The same operations end well where the bug is not.
    const sound = ['fuzz', '--replay', file, '--output', join(directory.path, 'sound')];
    t.is((await pinlab(sound)).code, EXIT.ok);
  });
}

test.serial('the fuzzer finds nothing in the sound kernel, with other seeds too', async (t) => {
  await using directory = await temporaryDirectory();
  const options = ['--seed', '1000', '--output', directory.path];
  const { code, tail } = await pinlab(['fuzz', ...options]);
  t.is(code, EXIT.ok, tail);
});

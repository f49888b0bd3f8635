// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';

const PROGRAMS = join(import.meta.dirname, '../../../guest-tests');

/** The plan is what the native build lists: a test that only the guest's build has would never run. */
test('no guest test depends on what its program is compiled for', async (t) => {
  const files = (await readdir(PROGRAMS)).filter((name) => name.endsWith('.c'));
  t.true(files.length > 0);
  for (const file of files) {
    const source = await readFile(join(PROGRAMS, file), 'utf8');
    t.deepEqual(conditionalTests(source), [], file);
  }
});

/** What ends the test follows the check and would stand behind the loop: one that waits would wait for ever. */
test('a loop whose body is a check has braces', async (t) => {
  const files = (await readdir(PROGRAMS)).filter((name) => name.endsWith('.c'));
  for (const file of files) {
    const source = await readFile(join(PROGRAMS, file), 'utf8');
    t.deepEqual(
      source.match(/^\t*(?:for|while) \([^{;]*(?:;[^{;]*){0,2}\)\n\t+(?:ASSERT|EXPECT)_\w+/gm) ??
        [],
      [],
      file,
    );
  }
});

/** The lines within #if and #endif that declare a test or a variant. */
function conditionalTests(source: string): string[] {
  let depth = 0;
  return source.split('\n').filter((line) => {
    if (/^\s*#\s*if/.test(line)) depth++;
    if (/^\s*#\s*endif/.test(line)) depth--;
    return depth > 0 && /^(TEST|TEST_F|FIXTURE_VARIANT_ADD)\(/.test(line);
  });
}

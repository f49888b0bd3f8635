// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { exists } from '../../host/paths.ts';
import { temporaryDirectory } from './pinlab.ts';
import { runScripts, scriptTest } from './scripts.ts';

/** Programs that do to the guest what a broken kernel would, and then a test that is sound. */
const PROGRAMS: Record<string, string> = {
  panics: 'echo c > /proc/sysrq-trigger; sleep 60',
  hangs: 'echo "TAP version 13"; echo 1..1; sleep 60',
  forges: 'echo "TAP version 13"; echo 1..1; echo "ok 1 t"; exit 1',
  vanishes: 'poweroff -f; sleep 60',
};
const SOUND = { id: 'rings:sound', program: 'device', name: 'device.nop_moves_nothing' };

test('a guest that dies, hangs or lies costs its test the verdict, and no other', async (t) => {
  await using directory = await temporaryDirectory();
  const tests = Object.keys(PROGRAMS).flatMap((program) => [
    scriptTest(program),
    { ...SOUND, id: `device:after_${program}` },
  ]);
  const record = await runScripts(directory.path, {
    ...{ scripts: PROGRAMS, tests },
    policy: { isolation: 'none' },
  });
  t.deepEqual(
    record.tests.map(({ id, status }) => `${status} ${id}`),
    [
      'lost panics:t',
      'pass device:after_panics',
      'lost hangs:t',
      'pass device:after_hangs',
      'fail forges:t',
      'pass device:after_forges',
      'lost vanishes:t',
      'pass device:after_vanishes',
    ],
  );
  const hung = record.tests.find(({ id }) => id === 'hangs:t')?.attempts[0]?.diagnostics ?? [];
  t.true(hung.some((line) => line.endsWith('hang.txt')));
  t.true(
    hung.some((line) => /task:hangs +state:S/.test(line)),
    hung.join('\n'),
  );
  const said = await readFile(join(directory.path, 'hang.txt'), 'utf8');
  t.regex(said, /^awaited: the end of hangs:t, within 5000 ms times a slowdown of \d/);
  t.regex(
    said,
    /sysrq: Show Blocked State[\s\S]*sysrq: Show backtrace[\s\S]*sysrq: HELP[\s\S]*CPU#1/,
  );
  // A guest that has ended is not asked.
  t.false(await exists(join(directory.path, 'hang-2.txt')));
  const [panic] = record.splats;
  t.is(panic?.test, 'panics:t');
  t.regex(panic?.title ?? '', /sysrq triggered crash/);
  const decoded = panic?.frames.find(({ symbol }) => symbol === '__handle_sysrq');
  t.is(decoded?.file, 'drivers/tty/sysrq.c', panic?.text);
});

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bootGuest } from '../../stages/bootGuest.ts';
import { decodeSplats } from '../../stages/decodeSplats.ts';
import { runTests } from '../../stages/runTests.ts';
import { TestRecord } from '../../stages/testRecord.ts';
import { bootRequest, built, workspace } from './machine.ts';
import { temporaryDirectory } from './pinlab.ts';

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
  const { kernel, guestTests } = await built();
  const programs = join(directory.path, 'programs');
  await cp(guestTests.directory, programs, { recursive: true });
  for (const [name, script] of Object.entries(PROGRAMS)) await addProgram(programs, name, script);
  const consoleFile = createWriteStream(join(directory.path, 'console.log'));
  const request = await bootRequest(consoleFile);
  const outcome = new TestRecord(
    () => undefined,
    (splats) => decodeSplats(workspace, kernel, splats),
  );
  const tests = Object.keys(PROGRAMS).flatMap((program) => [
    { id: `${program}:t`, program, name: 't' },
    { ...SOUND, id: `device:after_${program}` },
  ]);
  await runTests(
    {
      ...{ tests, programs, configSha256: kernel.configSha256, testTimeoutMs: 5_000 },
      boot: (onLine) => bootGuest({ ...request, onLine }),
      signal: workspace.signal,
    },
    outcome,
  );
  t.deepEqual(
    outcome.tests.map(({ id, status }) => `${status} ${id}`),
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
  const [panic] = outcome.splats;
  t.is(panic?.test, 'panics:t');
  t.regex(panic?.title ?? '', /sysrq triggered crash/);
  const decoded = panic?.frames.find(({ symbol }) => symbol === '__handle_sysrq');
  t.is(decoded?.file, 'drivers/tty/sysrq.c', panic?.text);
});

async function addProgram(programs: string, name: string, script: string) {
  await mkdir(join(programs, name));
  await writeFile(join(programs, name, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(programs, name, name), 0o755);
}

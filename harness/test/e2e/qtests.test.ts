// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import test from 'ava';
import { tryRun } from '../../host/spawn.ts';
import { parseKtap } from '../../ktap/parse.ts';
import { statusOf } from '../../ktap/status.ts';
import { buildQemu, buildQtests } from '../../stages/buildQemu.ts';
import { workspace } from './machine.ts';
import { temporaryDirectory } from './pinlab.ts';
import { qtestQemu } from './qtestQemu.ts';

/** The only reasons for which one of QEMU's own tests may skip. */
const SKIPS: readonly RegExp[] = [
  // The root complex of the virt machine has no slots to plug into.
  /\/hotplug.*pci bus does not support hotplug/,
  // It runs a script of QEMU's source tree on a stream that it has just saved.
  /\/analyze-script.*PYTHON variable not set/,
];

const { binary } = await buildQemu(workspace);
const { programs } = await buildQtests(workspace);
const directory = await temporaryDirectory();
const qemu = await qtestQemu(binary, directory.path);
test.after.always(() => directory[Symbol.asyncDispose]());

for (const program of programs) {
  test(`qtest ${basename(program)}`, async (t) => {
    const { code, stdout, tail } = await tryRun(program, ['--tap', '-k'], {
      what: `run ${program}`,
      env: { QTEST_QEMU_BINARY: qemu },
      timeoutMs: 600_000,
    });
    // GLib before 2.84 leaves the version out.
    const lines = stdout.split('\n').filter((line) => !line.startsWith('TAP version'));
    const { plan, results, errors } = parseKtap(['TAP version 14', ...lines]);
    t.deepEqual(errors, [], tail);
    t.true((plan ?? 0) > 0);
    const notPassed = results
      .map((result) => ({ name: result.name, ...statusOf(result) }))
      .filter(({ status }) => status !== 'pass')
      .map(({ name, status, reason }) => `${status}: ${name}: ${reason ?? ''}`)
      .filter((line) => !(line.startsWith('skip: ') && SKIPS.some((skip) => skip.test(line))));
    t.deepEqual(notPassed, [], tail);
    t.is(code, 0, tail);
  });
}

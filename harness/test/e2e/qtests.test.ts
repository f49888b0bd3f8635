// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import test from 'ava';
import { tryRun } from '../../host/spawn.ts';
import { parseKtap } from '../../ktap/parse.ts';
import { statusOf } from '../../ktap/status.ts';
import { buildQemu, buildQtests } from '../../stages/buildQemu.ts';
import { workspace } from './machine.ts';

const { binary } = await buildQemu(workspace);
const { programs } = await buildQtests(workspace);

for (const program of programs) {
  test(`qtest ${basename(program)}`, async (t) => {
    const { code, stdout, tail } = await tryRun(program, ['--tap', '-k'], {
      what: `run ${program}`,
      env: { QTEST_QEMU_BINARY: binary },
      timeoutMs: 600_000,
    });
    // GLib before 2.84 leaves the version out.
    const lines = stdout.split('\n').filter((line) => !line.startsWith('TAP version'));
    const { plan, results, errors } = parseKtap(['TAP version 14', ...lines]);
    t.deepEqual(errors, [], tail);
    t.true((plan ?? 0) > 0);
    t.deepEqual(
      results.filter((result) => statusOf(result).status !== 'pass').map(({ name }) => name),
      [],
      tail,
    );
    t.is(code, 0, tail);
  });
}

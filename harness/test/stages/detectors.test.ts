// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { SPLAT_KINDS } from '../../splat/table.ts';
import { DETECTORS, selectDetectors } from '../../stages/detectors.ts';

const ROOT = join(import.meta.dirname, '../../..');
const script = await readFile(join(ROOT, 'guest-tests/selftest/causes'), 'utf8');
const module = await readFile(join(ROOT, 'kernel/selftest/pinlab_selftest.c'), 'utf8');
const causes = DETECTORS.map(({ cause }) => cause);

test('each cause is one of the guest’s script, and of no other detector', (t) => {
  for (const cause of causes)
    t.regex(script, new RegExp(`^\\t(?:.* \\| )?${cause}(?: \\||\\))`, 'm'));
  t.is(new Set(causes).size, causes.length);
});

test('everything that the kernel module can do is used', (t) => {
  const offered = [...module.matchAll(/^\t\{ "(\w+)", cause_/gm)].map(
    (match) => match[1] as string,
  );
  t.true(offered.length > 10);
  t.deepEqual(
    offered.filter((cause) => !causes.includes(cause)),
    [],
  );
});

test('a detector names a kind of report that there is', (t) => {
  const kinds = SPLAT_KINDS.map(({ kind }) => kind);
  for (const { splat } of DETECTORS) if (splat) t.true(kinds.includes(splat), splat);
});

test('causes are chosen by name, and a pattern that matches none is refused', (t) => {
  t.deepEqual(selectDetectors(), [...DETECTORS]);
  const chosen = selectDetectors('^(shift|lock_order)$').map(({ cause }) => cause);
  t.deepEqual(chosen, ['lock_order', 'shift']);
  t.throws(() => selectDetectors('kasan'), { instanceOf: UsageError, message: /matches no cause/ });
});

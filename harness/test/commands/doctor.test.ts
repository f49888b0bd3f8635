// SPDX-License-Identifier: MIT
import test from 'ava';
import { costLines } from '../../commands/doctor.ts';

test('each part that is not built is named with its cost, and all of it with the command', (t) => {
  const lines = costLines([
    { what: 'QEMU', mib: 350, minutes: 3.2 },
    { what: 'Linux', mib: 1000, minutes: 4.5 },
    { what: 'guest image', mib: 15, minutes: 0.1 },
  ]);
  t.deepEqual(lines, [
    'to build QEMU: 350 MiB, about 3 minutes',
    'to build Linux: 1000 MiB, about 5 minutes',
    'to build guest image: 15 MiB, less than a minute',
    '         npx pinlab build: 1.3 GiB, about 8 minutes, and the downloads',
  ]);
});

test('where every part has been built, that is said, and no more', (t) => {
  t.deepEqual(costLines([]), [
    'ok       every part has been built here: a run builds what changed since',
  ]);
});

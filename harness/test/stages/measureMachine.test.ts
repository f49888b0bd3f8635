// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { parseMeasures } from '../../stages/measureMachine.ts';

test('measurements are read from among what else is on the console', (t) => {
  const console = '[0.1] noise\r\nmeasure\tstalls\t2048\t5000\t9000\r\nend of figures\r\n';
  t.deepEqual(parseMeasures(console), [{ what: 'stalls', amount: 2048, stallNs: 5000, ns: 9000 }]);
});

test('a guest that ended early measured nothing', (t) => {
  t.throws(() => parseMeasures('measure\tbytes\t1\t0\t1\n'), { instanceOf: InfraError });
});

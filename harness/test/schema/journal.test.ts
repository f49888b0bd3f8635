// SPDX-License-Identifier: MIT

import test from 'ava';
import { EXIT, InfraError } from '../../errors.ts';
import { journalLine, readJournal } from '../../schema/journal.ts';
import { results } from '../../schema/results.ts';
import { lostTest } from '../../schema/verdict.ts';
import { sampleResults, sampleSplat, sampleTest } from './sample.ts';

const [one, two] = [sampleTest({ name: 'one' }), sampleTest({ name: 'two' })];
const RUN = journalLine({ run: sampleResults([lostTest(one.id, ''), lostTest(two.id, '')]) });

test('what was finished has its verdict, the rest is lost, and the run is not green', (t) => {
  const known = readJournal(RUN + journalLine({ test: one }));
  t.deepEqual(results.parse(known), known);
  t.deepEqual(known.tests, [one, lostTest(two.id, 'pinlab was killed')]);
  t.is(known.summary.exitCode, EXIT.infra);
});

test('a failure or a report of the kernel that was seen stays the verdict', (t) => {
  const failed = journalLine({ test: { ...one, status: 'fail' } });
  t.is(readJournal(RUN + failed).summary.exitCode, EXIT.failed);
  const splat = journalLine({ splat: sampleSplat() });
  t.is(readJournal(RUN + splat).summary.exitCode, EXIT.failed);
});

test('a line that was cut off costs no other', (t) => {
  const line = journalLine({ test: two });
  for (const length of [1, 20, line.length - 3]) {
    const known = readJournal(RUN + journalLine({ test: one }) + line.slice(0, length));
    t.deepEqual(
      known.tests.map(({ status }) => status),
      ['pass', 'lost'],
    );
  }
});

test('a journal without a beginning tells of no run', (t) => {
  for (const text of ['', RUN.slice(0, 50), journalLine({ test: one }), '{"run": 1}\n']) {
    t.throws(() => readJournal(text), { instanceOf: InfraError });
  }
});

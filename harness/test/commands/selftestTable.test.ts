// SPDX-License-Identifier: MIT
import test from 'ava';
import { selftestCode, selftestTable } from '../../commands/selftestTable.ts';
import { EXIT } from '../../errors.ts';
import type { SelfTest } from '../../stages/selfTest.ts';

const NOTICED = {
  ...{ detector: 'WARNING', cause: 'warning', caughtAs: 'fail: splat: WARNING' },
  ...{ attributedTo: 'selftest:warning', exitCode: 1 as const, problems: [] },
};
const GREEN: SelfTest = {
  observations: [NOTICED],
  notOffered: [{ name: 'KASAN', cause: 'use_after_free', status: 'fail', needs: 'KASAN' }],
  grewMiB: 12,
};

test('the table shows what was caused, as what it was caught, and what is not offered', (t) => {
  const text = selftestTable(GREEN);
  t.regex(text, /^ok +WARNING +warning +fail: splat: WARNING +selftest:warning +1$/m);
  t.regex(text, /^not offered: KASAN, for want of CONFIG_KASAN$/m);
  t.regex(text, /^passed: 1 of 1 causes noticed$/m);
  t.is(selftestCode(GREEN), EXIT.ok);
});

test('what a guest said of a cause acts on no terminal', (t) => {
  const said = '\x1b[2Jgone';
  const observations = [{ ...NOTICED, caughtAs: said, problems: [said] }];
  const text = selftestTable({ ...GREEN, observations });
  t.false(text.includes('\x1b'));
  t.regex(text, /^MISSED warning: gone$/m);
});

test('what was missed is said with its reason', (t) => {
  const red = { ...GREEN, observations: [{ ...NOTICED, problems: ['pass instead of fail'] }] };
  t.is(selftestCode(red), EXIT.failed);
  t.regex(selftestTable(red), /^MISSED +WARNING/m);
  t.regex(selftestTable(red), /^MISSED warning: pass instead of fail$/m);
  t.regex(selftestTable(red), /^failed: 0 of 1/m);
});

test('a harness that grows with what the guest prints is not sound', (t) => {
  t.is(selftestCode({ ...GREEN, grewMiB: 1000 }), EXIT.failed);
  t.regex(selftestTable({ ...GREEN, grewMiB: 1000 }), /^failed: 1 of 1/m);
});

test('where nothing happened, nothing is sound and nothing was missed', (t) => {
  const nothing = { ...GREEN, observations: [] };
  t.is(selftestCode(nothing), EXIT.infra);
  t.regex(selftestTable(nothing), /^nothing ran: this kernel offers none of the causes$/m);
});

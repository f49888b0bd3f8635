// SPDX-License-Identifier: MIT

import test from 'ava';
import { fingerprint } from '../../splat/fingerprint.ts';

const frames = (...symbols: string[]) => symbols.map((symbol) => ({ symbol, offset: '0x10' }));

test('offsets, clones and the functions that report do not change a fingerprint', (t) => {
  const plain = fingerprint('warning', 'W', frames('a', 'b', 'c', 'd'));
  t.is(fingerprint('warning', 'other title', frames('a', 'b', 'c')), plain);
  t.is(
    fingerprint('warning', 'W', [{ symbol: 'a', offset: '0x99' }, ...frames('b', 'c', 'e')]),
    plain,
  );
  t.is(fingerprint('warning', 'W', frames('a.isra.0', 'b.constprop.0.cold', 'c.part.1')), plain);
  t.is(fingerprint('warning', 'W', frames('dump_stack', '__warn', 'a', 'b', 'c')), plain);
  t.regex(plain, /^warning-[0-9a-f]{12}$/);
});

test('another kind, function or order does', (t) => {
  const plain = fingerprint('warning', 'W', frames('a', 'b', 'c'));
  t.not(fingerprint('bug', 'W', frames('a', 'b', 'c')).slice(4), plain.slice(8));
  t.not(fingerprint('warning', 'W', frames('x', 'b', 'c')), plain);
  t.not(fingerprint('warning', 'W', frames('b', 'a', 'c')), plain);
});

test('without frames the title counts, without its numbers', (t) => {
  t.is(
    fingerprint('oom', 'Killed process 70 at ffff00001234', []),
    fingerprint('oom', 'Killed process 171 at ffff0000abc9', []),
  );
  t.not(fingerprint('oom', 'Killed dma', []), fingerprint('oom', 'Killed init', []));
});

test('how a task waits does not change a fingerprint, what it waits for does', (t) => {
  const hung = (symbol: string) =>
    fingerprint('hung-task', 'h', frames('__switch_to', '__schedule', 'schedule', symbol));
  t.is(hung('mempinfd_pin'), fingerprint('hung-task', 'h', frames('mempinfd_pin')));
  t.not(hung('mempinfd_pin'), hung('other'));
});

test('only whole names of reporting functions are left out', (t) => {
  const one = (symbol: string) => fingerprint('bug', 'b', frames(symbol, 'a'));
  const reporting = [
    'dump_stack',
    'panic',
    'do_mem_abort',
    'el1_abort',
    'schedule',
    'kasan_report',
  ];
  const more = ['__tsan_read8', 'lock_acquire', 'print_usage_bug', '__might_sleep', 'object_err'];
  for (const symbol of [...reporting, ...more]) {
    t.is(one(symbol), fingerprint('bug', 'b', frames('a')), symbol);
    t.not(one(`mem${symbol}`), one(symbol), `mem${symbol}`);
  }
});

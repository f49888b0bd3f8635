// SPDX-License-Identifier: MIT

import test from 'ava';
import { printable, printableText } from '../../schema/printable.ts';

test('plain text, tabs and other scripts stay as they are', (t) => {
  for (const text of ['', 'a\tb', 'Grüße, 世界 🙂', 'a [31m b']) t.is(printable(text), text);
});

test('terminal escapes disappear whole', (t) => {
  t.is(printable('\x1b[31mred\x1b[0m'), 'red');
  t.is(printable('\x1b]0;title\x07text'), 'text');
  t.is(printable('\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\'), 'link');
  t.is(printable('\x1bP+q544e\x1b\\text'), 'text');
  t.is(printable('\x1bc\x1b(Btext\x1b'), 'text');
  t.is(printable('\x9b2Jtext\x9dx\x9c'), 'text');
});

test('control characters and invisible marks become visible', (t) => {
  t.is(printable('a\0b\x07c\rd\x7fe'), 'a\ufffdb\ufffdc\ufffdd\ufffde');
  t.is(printable('a\u202eb\u2066c\u200bd\ufeff'), 'a\ufffdb\ufffdc\ufffdd\ufffd');
});

test('half of a surrogate pair never gets out', (t) => {
  t.is(printable('a\ud83d'), 'a\ufffd');
  t.is(printable(`${'a'.repeat(8)}🙂🙂`, 10), `${'a'.repeat(8)}\ufffd…`);
});

test('length is bounded, also for what removal would shorten', (t) => {
  t.is(printable('x'.repeat(20), 10), `${'x'.repeat(9)}…`);
  t.is(printable('x'.repeat(10), 10), 'x'.repeat(10));
  t.true(printable('\x1b[0m'.repeat(1_000_000)).length <= 1000);
});

test('what is far too long still begins where it began', (t) => {
  t.is(printable(`begin${'x'.repeat(100_000)}`, 10), 'beginxxxx…');
  t.is(printable(`${'\x1b[0m'.repeat(3)}begin${'x'.repeat(100)}`, 10), 'beginxxxx…');
  t.is(printable('x'.repeat(2000)).length, 1000);
});

test('text of several lines keeps its lines, up to a limit', (t) => {
  t.is(printableText('a\r\n\x1b[1mb\nc\rd'), 'a\nb\nc\ufffdd');
  t.is(printableText('1\n2\n3', 2), '1\n2\n…');
});

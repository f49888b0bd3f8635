// SPDX-License-Identifier: MIT
import test from 'ava';
import { patchLine } from '../../kernel/patchLine.ts';

/** Of a file with the lines a to h: drops b, adds B1 and B2 for it, adds G behind g. */
const FIRST = `Subject: first

--- a/mm/x.c
+++ b/mm/x.c
@@ -1,3 +1,4 @@
 a
-b
+B1
+B2
 c
@@ -7,2 +8,3 @@ somewhere
 g
+G
 h
`;

/** On top of that: another file first, then a line in front of everything. */
const SECOND = `--- a/mm/other.c
+++ b/mm/other.c
@@ -1 +1,2 @@
 o
+O
--- a/mm/x.c
+++ b/mm/x.c
@@ -1,2 +1,3 @@
+A
 a
 B1
`;

test('a line that a patch adds is found in it, whatever later patches moved', (t) => {
  t.deepEqual(patchLine([FIRST], 'mm/x.c', 2), { patch: 0, line: 8 });
  t.deepEqual(patchLine([FIRST], 'mm/x.c', 9), { patch: 0, line: 13 });
  const both = [FIRST, SECOND];
  t.deepEqual(patchLine(both, 'mm/x.c', 1), { patch: 1, line: 9 });
  t.deepEqual(patchLine(both, 'mm/x.c', 3), { patch: 0, line: 8 });
  t.deepEqual(patchLine(both, 'mm/x.c', 10), { patch: 0, line: 13 });
  t.deepEqual(patchLine(both, 'mm/other.c', 2), { patch: 1, line: 5 });
});

test('a line that was there before is in no patch', (t) => {
  for (const line of [2, 5, 6, 9, 11, 40])
    t.is(patchLine([FIRST, SECOND], 'mm/x.c', line), undefined, `${line}`);
  t.is(patchLine([FIRST], 'mm/y.c', 2), undefined);
});

// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import type { KernelSource } from '../../kernel/source.ts';
import { openWorkspace } from '../../stages/workspace.ts';
import { writeSeries } from '../../stages/writeSeries.ts';

const PATCH = `From: A <a@localhost>
Date: Mon, 23 Nov 2026 00:00:00 +0000
Subject: [PATCH] dir: one

Why.

Signed-off-by: A <a@localhost>
---
 dir/a.c | 2 +-

diff --git a/dir/a.c b/dir/a.c
--- a/dir/a.c
+++ b/dir/a.c
@@ -1,2 +1,2 @@
-old
+new
 same
`;

/** A checkout with one patch and one new file, and a kernel that it fits. */
async function checkout(newFiles: string) {
  const root = await mkdtemp(join(tmpdir(), 'writeSeries-'));
  const files = {
    'kernel/patches/1.0/0001-one.patch': PATCH,
    'kernel/patches/new-files.txt': newFiles,
    'kernel/patches/cover-letter.txt': '# comment\n\ndir: all\n\nText.\n',
    'kernel/mempinfd/dir/new.c': 'added\n',
    'pristine/dir/a.c': 'old\nsame\n',
    'pristine/untouched.c': 'x\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, dirname(name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const { signal } = new AbortController();
  const workspace = openWorkspace({ root, cacheRoot: root, emit: () => undefined, signal });
  const directory = join(root, 'pristine');
  const source: KernelSource = {
    directory,
    version: '1.0',
    base: '1.0',
    pristine: true,
    hit: true,
  };
  return {
    write: () => writeSeries(workspace, source, join(root, 'mails')),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

test('a cover letter and a mail for each patch, with the new file in its own', async (t) => {
  await using f = await checkout('dir/new.c\tdir: one\n');
  const [letter = '', mail = '', ...more] = await f.write();
  t.deepEqual(more, []);
  const text = await readFile(letter, 'utf8');
  t.regex(text, /^Subject: \[PATCH v4 0\/1\] dir: all\n\nText\.\n\nA \(1\):\n {2}dir: one\n/m);
  const patch = await readFile(mail, 'utf8');
  t.regex(patch, /^From: A <a@localhost>\n.*\nSubject: \[PATCH v4 1\/1\] dir: one\n\nWhy\.\n/m);
  t.regex(patch, /^ create mode 100644 dir\/new\.c$/m);
  t.regex(patch, /^-old\n\+new\n same\n/m);
  t.regex(patch, /^\+added$/m);
});

test('a new file that no patch adds is a mistake', async (t) => {
  await using f = await checkout('dir/new.c\tdir: no such patch\n');
  await t.throwsAsync(f.write(), { instanceOf: UsageError, message: 'no patch adds new.c' });
});

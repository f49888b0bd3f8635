// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { isMailbox, type Place, splitMailbox, splitPatches } from '../../host/mailbox.ts';

const diff = (line: string) =>
  ` mm/a.c | 1 +\n\ndiff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1,2 @@\n one\n+${line}\n`;

function message(subject: string, body: string, encoding = '8bit') {
  return [
    'From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001',
    'From: A Developer <a@example.org>',
    'Date: Sun, 7 Feb 2021 17:02:36 -0500',
    `Subject: ${subject}`,
    'Content-Type: text/plain; charset=UTF-8',
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    body,
    '-- ',
    '2.39.5',
    '',
    '',
  ].join('\n');
}

interface Found {
  name: string;
  text: string;
  place: Place;
}

async function split(text: string): Promise<Found[]> {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-mailbox-'));
  try {
    const mailbox = join(directory, 'series.mbox');
    const out = join(directory, 'out');
    await writeFile(mailbox, text);
    await mkdir(out);
    await splitMailbox(mailbox, out);
    const found = (await splitPatches(out)).map(async ({ file, place }) => ({
      ...{ name: basename(file), place },
      text: await readFile(file, 'utf8'),
    }));
    return await Promise.all(found);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('the patches of a mailbox come in their own order, without cover letter and replies', async (t) => {
  const patches = await split(
    [
      message('[PATCH v3 0/2] mm: add a thing', 'What the series does.'),
      message('[PATCH v3 2/2] mm: use the thing', `Why.\n---\n${diff('three')}`),
      message('Re: [PATCH v3 1/2] mm: add the thing', '> diff --git a/mm/a.c b/mm/a.c\nWhy?'),
      message('[PATCH v3 1/2] mm: add the thing', `Why.\n---\n${diff('two')}`),
    ].join(''),
  );
  t.deepEqual(
    patches.map(({ name }) => name),
    ['0001-mm-add-the-thing.patch', '0002-mm-use-the-thing.patch'],
  );
  t.regex(patches[0]?.text ?? '', /^\+two$/m);
});

test('what mail encoded is decoded', async (t) => {
  const body = `Why.\n---\n${diff('a =3D b; /* =C3=A9 */')}`;
  const [patch] = await split(message('[PATCH] mm: x', body, 'quoted-printable'));
  t.regex(patch?.text ?? '', /^\+a = b; \/\* é \*\/$/m);
});

test('each patch is found again in its mailbox, line by line unless mail encoded it', async (t) => {
  const mailbox = [
    message('[PATCH 2/3] mm: two', `Why.\n---\n${diff('two')}`),
    message('Re: [PATCH 2/3] mm: two', 'Why?'),
    message('[PATCH 1/3] mm: one', `Why,\nat length.\n---\n${diff('one')}`),
    message('[PATCH 3/3] mm: three', `Why.\n---\n${diff('a =3D b')}`, 'quoted-printable'),
  ].join('');
  const lines = mailbox.split('\n');
  const [one, two, three] = await split(mailbox);
  for (const [patch, added] of [
    [one, '+one'],
    [two, '+two'],
  ] as const) {
    t.true(patch?.place.verbatim);
    const inside = (patch?.text ?? '').split('\n').indexOf(added);
    t.is(lines[(patch?.place.line ?? 0) - 1 + inside], added);
  }
  t.false(three?.place.verbatim);
  t.is(lines.indexOf('Subject: [PATCH 3/3] mm: three') + 1, (three?.place.line ?? 0) + 3);
});

test('a mailbox without a patch is refused', async (t) => {
  const mail = message('Re: a question', 'An answer.');
  await t.throwsAsync(split(mail), { instanceOf: UsageError, message: /holds no patch/ });
});

test('a plain patch is no mailbox', (t) => {
  t.false(isMailbox(diff('two')));
  t.true(isMailbox(message('[PATCH] mm: x', diff('two'))));
});

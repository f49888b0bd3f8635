// SPDX-License-Identifier: MIT
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { parseCoverLetter, parseNewFiles, subjectOf } from '../../kernel/mailing.ts';

test('new files are listed by the patch that adds them', (t) => {
  const text =
    '# comment\nmm/a.c\tmm: add a\ninclude/a.h\tmm: add a\n\nDocumentation/a.rst\tdocs\n';
  t.deepEqual(
    [...parseNewFiles(text)],
    [
      ['mm: add a', ['mm/a.c', 'include/a.h']],
      ['docs', ['Documentation/a.rst']],
    ],
  );
});

test('a new file without a patch is a mistake', (t) => {
  t.throws(() => parseNewFiles('mm/a.c\n'), { instanceOf: UsageError, message: /mm\/a\.c/ });
});

test('a cover letter is sent without comments and begins with its subject', (t) => {
  t.is(
    parseCoverLetter('# not sent\n\nmm: subject\n\nText # 1\n# nor this\n\n\n'),
    'mm: subject\n\nText # 1\n',
  );
});

test('a subject is unfolded and loses its prefix', (t) => {
  t.is(subjectOf('From: a\nSubject: [PATCH] mm: add\n a\n\nbody\n'), 'mm: add a');
  t.is(subjectOf('Subject: [PATCH v4 01/12] mm: add a\n\nSubject: another\n'), 'mm: add a');
});

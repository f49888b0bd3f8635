// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { UsageError } from '../errors.ts';

/** Which patch, by its subject, adds which new files, by their place in the kernel tree. */
export type NewFiles = ReadonlyMap<string, readonly string[]>;

/** Reads a list of new files: path, tab, subject of the patch that adds it; `#` begins a comment. */
export function parseNewFiles(text: string): NewFiles {
  const files = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [path = '', subject = ''] = line.split('\t');
    if (!subject) throw new UsageError(`new-files.txt: no subject in ${JSON.stringify(line)}`);
    files.set(subject, [...(files.get(subject) ?? []), path]);
  }
  return files;
}

/** A cover letter as it is sent: without the lines that begin with `#`. */
export function parseCoverLetter(text: string): string {
  const sent = text.split('\n').filter((line) => !line.startsWith('#'));
  return `${sent.join('\n').trim()}\n`;
}

/** The subject of a patch in the form of a mail, on one line and without `[PATCH]`. */
export function subjectOf(patch: string): string {
  const folded = /^Subject: (.*(?:\n[ \t].*)*)/m.exec(patch)?.[1] ?? '';
  return folded.replace(/\n[ \t]+/g, ' ').replace(/^\[PATCH[^\]]*\] /, '');
}

/** What git takes instead of the user's own settings: equal inputs must give equal mails. */
export function mailingEnvironment(directory: string): Record<string, string> {
  return {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_DIR: join(directory, '.git'),
    GIT_WORK_TREE: directory,
    GIT_AUTHOR_NAME: 'pinlab developers',
    GIT_AUTHOR_EMAIL: 'pinlab@localhost',
    GIT_COMMITTER_NAME: 'pinlab developers',
    GIT_COMMITTER_EMAIL: 'pinlab@localhost',
    GIT_AUTHOR_DATE: '2026-11-23T00:00:00Z',
    GIT_COMMITTER_DATE: '2026-11-23T00:00:00Z',
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
  };
}

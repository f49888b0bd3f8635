// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { run } from './spawn.ts';

/** How every message of an mbox begins, and so a patch of git format-patch (mbox(5)). */
const FROM = /^From \S+ /;
const DIFF = /^diff --git |^--- .*\n\+\+\+ /m;

/** Whether `text` changes any file. */
export function isPatch(text: string): boolean {
  return DIFF.test(text);
}

/** Whether `text` is mail: one message or many. */
export function isMailbox(text: string): boolean {
  return FROM.test(text);
}

/**
 * The patches among the messages of a mailbox, as files in `directory`, which names them in the order
 * in which they apply. Cover letters and replies are left out; whatever encoding a message has is undone.
 */
export async function splitMailbox(
  mailbox: string,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  const messages = join(directory, '.messages');
  await mkdir(messages, { recursive: true });
  const what = `split ${mailbox}`;
  await run('git', ['mailsplit', `-o${messages}`, mailbox], { what, signal });
  const patches = [];
  for (const name of (await readdir(messages)).sort()) {
    const patch = await readMessage(join(messages, name), signal);
    if (patch) patches.push(patch);
  }
  await rm(messages, { recursive: true });
  if (patches.length === 0) throw new UsageError(`${mailbox} holds no patch`);
  // A mailbox may be in the order of arrival; without numbers that order is all there is.
  const sorted = patches.toSorted((a, b) => a.number - b.number);
  for (const [index, { subject, text }] of sorted.entries()) {
    await writeFile(join(directory, fileName(index + 1, subject)), text);
  }
}

async function readMessage(file: string, signal?: AbortSignal) {
  const [message, patch] = [`${file}.message`, `${file}.patch`];
  const { stdout } = await run('git', ['mailinfo', '-k', message, patch], {
    what: 'read a message of a mailbox',
    input: await readFile(file, 'utf8'),
    signal,
  });
  const text = await readFile(patch, 'utf8');
  if (!isPatch(text)) return undefined;
  const subject = /^Subject: (.*)$/m.exec(stdout)?.[1] ?? 'patch';
  return { subject: subject.replace(/^\[[^\]]*\]\s*/, ''), number: numberOf(subject), text };
}

/** `[PATCH v3 2/7]`. */
function numberOf(subject: string): number {
  return Number(/^\[[^\]]*?(\d+)\/\d+\]/.exec(subject)?.[1] ?? 0);
}

function fileName(index: number, subject: string): string {
  const words = subject.replaceAll(/[^\w.]+/g, '-').slice(0, 52);
  return `${String(index).padStart(4, '0')}-${words}.patch`;
}

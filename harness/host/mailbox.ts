// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
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

/** Where a mailbox has a patch. */
const Place = z.object({
  /** The line that it begins at, or that its message does, from 1. */
  line: z.number(),
  /** Whether the lines that follow are those of the patch: mail may have encoded them. */
  verbatim: z.boolean(),
});
export type Place = z.infer<typeof Place>;

/** Beside the patches: the place of each by its name. */
const PLACES = 'places.json';

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
  let line = 1;
  for (const name of (await readdir(messages)).sort()) {
    const message = await readFile(join(messages, name), 'utf8');
    const patch = await readMessage(join(messages, name), message, signal);
    if (patch) patches.push({ ...patch, place: placeIn(message, patch.text, line) });
    line += countLines(message);
  }
  await rm(messages, { recursive: true });
  if (patches.length === 0) throw new UsageError(`${mailbox} holds no patch`);
  // A mailbox may be in the order of arrival; without numbers that order is all there is.
  const sorted = patches.toSorted((a, b) => a.number - b.number);
  const places: Record<string, Place> = {};
  for (const [index, { subject, text, place }] of sorted.entries()) {
    const name = fileName(index + 1, subject);
    await writeFile(join(directory, name), text);
    places[name] = place;
  }
  await writeFile(join(directory, PLACES), JSON.stringify(places));
}

/** The files of the patches that a mailbox was split into, in order, and where it has them. */
export async function splitPatches(directory: string): Promise<{ file: string; place: Place }[]> {
  const text = await readFile(join(directory, PLACES), 'utf8');
  const places = z.record(z.string(), Place).parse(JSON.parse(text));
  return Object.entries(places).map(([name, place]) => ({ file: join(directory, name), place }));
}

/** Where `message`, which begins at `line` of its mailbox, has the patch `text`. */
function placeIn(message: string, text: string, line: number): Place {
  const at = message.indexOf(text);
  if (at === -1) return { line, verbatim: false };
  return { line: line + countLines(message.slice(0, at)), verbatim: true };
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}

async function readMessage(file: string, input: string, signal?: AbortSignal) {
  const [message, patch] = [`${file}.message`, `${file}.patch`];
  const { stdout } = await run('git', ['mailinfo', '-k', message, patch], {
    what: 'read a message of a mailbox',
    input,
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

// SPDX-License-Identifier: MIT
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { exists } from '../host/paths.ts';

/** Where in a console log something is, in bytes. */
interface Range {
  file: string;
  start: number;
  end: number;
}

/** The first line of an arm64 kernel. */
const BOOT = 'Booting Linux on physical CPU';
const MARKER = /pinlab [0-9a-f]+ (begin|end) (\S+)\r?$/;
/** A guest may have printed gigabytes; its first and last words explain it. */
const MAX_BYTES = 4 * 2 ** 20;

/**
 * Copies what the guest of a test printed, from its boot to the end of the test, from the guest's
 * console `log` to `target`. Of what is very long, the beginning and the end.
 */
export async function copyConsole(log: string, id: string, target: string): Promise<void> {
  const found = (await exists(log)) ? await findTest(log, id) : undefined;
  const out = createWriteStream(target);
  for (const { file, start, end } of found ? withoutMiddle(found) : []) {
    // createReadStream() counts the last byte in.
    if (end > start)
      await pipeline(createReadStream(file, { start, end: end - 1 }), out, { end: false });
  }
  await new Promise((closed) => out.end(closed));
}

/** Where the last run of the test `id` is in `file`. */
async function findTest(file: string, id: string): Promise<Range | undefined> {
  let boot = 0;
  let found: Range | undefined;
  let running = false;
  let offset = 0;
  for await (const line of linesOf(file)) {
    const next = offset + line.length + 1;
    const [, what, whose] = MARKER.exec(line) ?? [];
    if (line.includes(BOOT)) {
      boot = offset;
      running = false;
    }
    if (what === 'begin' && whose === id) {
      found = { file, start: boot, end: next };
      running = true;
    }
    if (running && found) found.end = next;
    if (what === 'end' && whose === id) running = false;
    offset = next;
  }
  return found;
}

/** Lines as Latin-1, in which a character is a byte; the last may lack its newline. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'latin1')) {
    const pieces: string[] = chunk.split('\n');
    // Only what is new is split: the rest may be long.
    pieces[0] = rest + pieces[0];
    rest = pieces.pop() ?? '';
    yield* pieces;
  }
  if (rest !== '') yield rest;
}

function withoutMiddle(range: Range): Range[] {
  if (range.end - range.start <= MAX_BYTES) return [range];
  const half = MAX_BYTES / 2;
  return [
    { ...range, end: range.start + half },
    { ...range, start: range.end - half },
  ];
}

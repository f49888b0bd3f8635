// SPDX-License-Identifier: MIT
import { DISK_FULL_HINT, PinlabError } from '../errors.ts';
import { COMMAND_LENGTH, printable } from '../schema/printable.ts';

const LINE_END = /\r?\n/;

/**
 * Everything about `error` that helps to mend it: what happened, what the tool said, what to do. A
 * guest may have said it: nothing of it acts on a terminal.
 */
export function explain(error: unknown): string {
  return whole(error)
    .split(LINE_END)
    .map((line) => printable(line, COMMAND_LENGTH))
    .join('\n');
}

function whole(error: unknown): string {
  if (!(error instanceof Error)) return `pinlab: ${String(error)}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `pinlab: ${error.message}\n  what to do: ${DISK_FULL_HINT}`;
  // A failed system call explains itself; anything else unforeseen needs its stack.
  if (!(error instanceof PinlabError)) return `pinlab: ${code ? error.message : error.stack}`;
  const { message, output, command, hint } = error;
  return [
    `pinlab: ${message}`,
    ...(output ? output.split(LINE_END).map((line) => `  | ${line}`) : []),
    ...(command ? [`  reproduce: ${command}`] : []),
    ...(hint ? [`  what to do: ${hint}`] : []),
  ].join('\n');
}

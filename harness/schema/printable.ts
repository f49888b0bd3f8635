// SPDX-License-Identifier: MIT

/** What a terminal acts on: CSI, OSC, DCS and the like (ECMA-48 section 5.4 and 5.6), two-character escapes. */
const ESCAPE_SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;

/** Control characters but the tab, and the marks that reorder or hide text (Unicode TR 36). */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  /[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** The `maxLength` of a command: one that is to be pasted must be whole, and may name many files. */
export const COMMAND_LENGTH = 100_000;

/**
 * One line of untrusted text that is safe to show anywhere: no terminal escape, control character
 * or half of a surrogate pair is left, and at most `maxLength` characters.
 */
export function printable(line: string, maxLength = 1000): string {
  // Cut first, so that hostile length costs nothing; an escape may stretch beyond what is kept.
  const kept = line.length > maxLength * 4 ? line.slice(0, maxLength * 4) : line;
  const clean = kept.replace(ESCAPE_SEQUENCES, '').replace(CONTROLS, '\ufffd').toWellFormed();
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1).toWellFormed()}…` : clean;
}

/** Untrusted text of several lines, each made safe by `printable`. */
export function printableText(text: string, maxLines = 1000): string {
  const lines = text.split(/\r?\n/);
  const shown = lines.slice(0, maxLines).map((line) => printable(line));
  return (lines.length > maxLines ? [...shown, '…'] : shown).join('\n');
}

// SPDX-License-Identifier: MIT

/** The SGR codes (ECMA-48 section 8.3.117) of the few colours that reporters use. */
const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;

/** Colours a text, or leaves it alone. */
export type Paint = (color: keyof typeof CODES, text: string) => string;

/** A `Paint` for an output that understands colour, or for one that does not. */
export function painter(color: boolean): Paint {
  return (name, text) => (color ? `\x1b[${CODES[name]}m${text}\x1b[0m` : text);
}

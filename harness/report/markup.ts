// SPDX-License-Identifier: MIT

import { printable, printableText } from '../schema/printable.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** One line of untrusted text as the content or an attribute's value of XML or HTML; see `printable`. */
export function escapeLine(text: string, maxLength?: number): string {
  return escapeMarkup(printable(text, maxLength));
}

/** Untrusted text of several lines as the content of an XML or HTML element. */
export function escapeLines(text: string): string {
  return escapeMarkup(printableText(text));
}

/** `\ufffe` and `\uffff` are no characters of XML (XML 1.0 section 2.2). */
function escapeMarkup(text: string): string {
  return text
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

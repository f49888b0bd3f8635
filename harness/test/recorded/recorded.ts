// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs';

/** The lines of a recorded stream. */
export function recorded(name: string): string[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  return text.replace(/\n$/, '').split('\n');
}

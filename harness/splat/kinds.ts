// SPDX-License-Identifier: MIT

import { SPLAT_KINDS, type SplatKind } from './table.ts';

export interface Recognition {
  kind: SplatKind;
  /** The entry's place in the table: 0 is the most precise. */
  rank: number;
  title: string;
}

/** The kind that `text` announces, with the title, and its rank (0 is the most precise). */
export function recognise(text: string): Recognition | undefined {
  for (const [rank, kind] of SPLAT_KINDS.entries()) {
    const match = kind.pattern.exec(text);
    if (!match) continue;
    const title = [kind.label, ...match.slice(1)].filter(Boolean).join(' ');
    return { kind, rank, title };
  }
  return undefined;
}

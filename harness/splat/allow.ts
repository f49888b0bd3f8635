// SPDX-License-Identifier: MIT

import type { Splat } from '../schema/results.ts';

/** A splat that is known and no fault of the patch. Every field given must match. */
export interface Allowance {
  kind: string;
  /** Matches the title. */
  title?: RegExp;
  /** A function among the frames. */
  symbol?: string;
  /** Matches the id of the test during which it appeared. */
  test?: RegExp;
  reason: string;
}

/** An entry needs the report it excuses linked in its reason, or the test that provokes it. */
export const ALLOWED: readonly Allowance[] = [
  {
    kind: 'oom',
    title: /\boom-victim\b/,
    reason: 'guest-tests/cgroup.c has a process of this name killed, to see its pins released',
  },
  {
    kind: 'smmu-event',
    title: /event 0x(?:08|0a)$/,
    test: /^blocked:pasid\./,
    reason: 'guest-tests/blocked.c uses a PASID that is nobody’s, and demands this event',
  },
];

/** Why `splat` is no failure, if an entry of `list` says so. */
export function allowedReason(
  { kind, title, frames, test }: Pick<Splat, 'kind' | 'title' | 'frames' | 'test'>,
  list: readonly Allowance[] = ALLOWED,
): string | undefined {
  const entry = list.find(
    (one) =>
      one.kind === kind &&
      (one.title === undefined || one.title.test(title)) &&
      (one.test === undefined || one.test.test(test ?? '')) &&
      (one.symbol === undefined || frames.some(({ symbol }) => symbol === one.symbol)),
  );
  return entry?.reason;
}

// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import type { Shard } from '../stages/shard.ts';

/** Reads `2/4`. */
export function parseShard(text: string): Shard {
  const [, index, total] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), total: Number(total) };
  if (shard.index >= 1 && shard.index <= shard.total) return shard;
  throw new UsageError(`--shard takes i/n with i from 1 to n, not ${text}`);
}

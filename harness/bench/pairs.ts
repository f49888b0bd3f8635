// SPDX-License-Identifier: MIT

/** What pinlab takes, and the tool below it for the same, in ms. */
export interface Pair {
  ours: number;
  floor: number;
}

/** How long `work` takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Prints the median of the ratios, and each pair. */
export function print(what: string, pairs: readonly Pair[]) {
  const ratios = pairs.map(({ ours, floor }) => ours / floor).sort((a, b) => a - b);
  const median = ratios[Math.floor(ratios.length / 2)] as number;
  say(`${what}: ratio ${median.toFixed(2)} (median of ${pairs.length})`);
  for (const { ours, floor } of pairs) say(`  ${seconds(ours)} / ${seconds(floor)}`);
}

/** `1.23 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** A line of the report. */
export function say(line: string) {
  process.stdout.write(`${line}\n`);
}

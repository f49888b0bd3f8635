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

/**
 * Prints the medians of the ratios and of what pinlab takes, and each pair. An `aim` is printed
 * beside them: whether it is met is for the reader to see.
 */
export function print(what: string, pairs: readonly Pair[], aim?: string) {
  const ratio = median(pairs.map(({ ours, floor }) => ours / floor));
  const time = seconds(median(pairs.map(({ ours }) => ours)));
  say(`${what}: ratio ${ratio.toFixed(2)}, ${time} (medians of ${pairs.length}${withAim(aim)})`);
  for (const { ours, floor } of pairs) say(`  ${seconds(ours)} / ${seconds(floor)}`);
}

/** Prints by how much pinlab takes longer than the `floor`, which has a name. */
export function printBeyond(floor: string, pairs: readonly Pair[], aim: string) {
  const beyond = median(pairs.map((pair) => pair.ours - pair.floor));
  say(`  beyond ${floor}: ${seconds(beyond)} (median${withAim(aim)})`);
}

/** Prints how many times as long as pinlab the other tool takes. */
export function printAdvantage(other: string, pairs: readonly Pair[], aim: string) {
  const times = median(pairs.map(({ ours, floor }) => floor / ours));
  say(`  ${other} takes ${times.toFixed(1)} times as long (median${withAim(aim)})`);
}

function withAim(aim: string | undefined): string {
  return aim === undefined ? '' : `; aim: ${aim}`;
}

/** The middle one in order; of an even number, the higher of the two. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** `1.23 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** A line of the report. */
export function say(line: string) {
  process.stdout.write(`${line}\n`);
}

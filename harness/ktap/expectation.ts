// SPDX-License-Identifier: MIT

import { printable } from '../schema/printable.ts';

/** What was counted outside the guest while a test ran, by the name of each counter. */
export interface Counts {
  device: Record<string, number>;
  smmu: Record<string, number>;
}

/**
 * What a test prints about counters that the guest cannot see: `# expect smmu f-permission 1`, or the
 * same of `device`. Taken as it comes: of much output, the diagnostics drop the middle.
 */
export class Expectations {
  /** More than this is a test gone wild. */
  static readonly max = 1000;
  readonly #lines: string[] = [];
  #count = 0;

  /** Takes a line of the test's output, whatever it says. */
  push(line: string) {
    if (!line.startsWith('# expect ')) return;
    this.#count += 1;
    if (this.#count <= Expectations.max) this.#lines.push(printable(line));
  }

  /** Why the test may not pass, given what was counted. */
  unmet(counts: Counts): string | undefined {
    if (this.#count > Expectations.max)
      return `the test announced ${this.#count} counts, more than ${Expectations.max}`;
    return this.#lines.map((line) => unmet(line, counts)).find((why) => why !== undefined);
  }
}

function unmet(line: string, counts: Counts): string | undefined {
  const [, who, name, number] = /^# expect (smmu|device) ([a-z-]+) (\d+)$/.exec(line) ?? [];
  if (!who || !name) return `not an expectation: ${line}`;
  const counted = counts[who as keyof Counts][name];
  if (counted === undefined) return `the ${who} has no counter ${name}`;
  if (counted !== Number(number)) return `the ${who} counted ${name} ${counted}, not ${number}`;
  return undefined;
}

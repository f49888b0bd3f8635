// SPDX-License-Identifier: MIT

/** What was counted outside the guest while a test ran, by the name of each counter. */
export interface Counts {
  device: Record<string, number>;
  smmu: Record<string, number>;
}

/**
 * Why a test that printed `# expect smmu f-permission 1`, or the same of `device`, may not pass:
 * the guest cannot see these counters, so it says what they must have counted.
 */
export function unmetExpectation(
  diagnostics: readonly string[],
  counts: Counts,
): string | undefined {
  for (const line of diagnostics) {
    if (!line.startsWith('# expect ')) continue;
    const [, who, name, number] = /^# expect (smmu|device) ([a-z-]+) (\d+)$/.exec(line) ?? [];
    if (!who || !name) return `not an expectation: ${line}`;
    const counted = counts[who as keyof Counts][name];
    if (counted === undefined) return `the ${who} has no counter ${name}`;
    if (counted !== Number(number)) return `the ${who} counted ${name} ${counted}, not ${number}`;
  }
  return undefined;
}

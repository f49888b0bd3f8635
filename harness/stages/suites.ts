// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** Guest programs that are run together by one name; each program is in exactly one suite. */
export const SUITES = {
  /** The emulated machine: what SMMU and test device do, seen from Linux. */
  machine: [
    ...['blocked', 'changes', 'descriptors', 'device', 'disk_faults', 'dma', 'faults'],
    ...['isolation', 'killed', 'refused', 'rings'],
  ],
  /** mempinfd(2): its ABI, its accounting, and what a pin keeps. */
  syscall: [
    ...['ageing', 'asked_for', 'batch', 'cgroup', 'cma', 'compat', 'exhausted', 'fail_nth'],
    ...['fuzz', 'keep', 'keep_moving', 'leaks', 'lifetime', 'limits', 'manual', 'marked'],
    ...['numa', 'pin', 'pin_args', 'pin_waits', 'pinnable', 'races', 'sharing', 'unpinnable'],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What each suite holds, a line each, for a help text. */
export function describeSuites(): string {
  const lines = Object.entries(SUITES).map(
    ([name, programs]) => `  ${name}: ${programs.join(' ')}`,
  );
  return ['Suites, and the programs in each:', ...lines].join('\n');
}

/** Every program, by its suite. */
const PROGRAMS: readonly string[] = Object.values(SUITES).flat();

/** The programs that `names` stand for: a suite's own, or the one that is named. */
export function programsOf(names: readonly string[]): Set<string> {
  return new Set(names.flatMap((name) => (isSuite(name) ? SUITES[name] : [name])));
}

/** Refuses what is the name of no suite and of no program. */
export function checkSuite(name: string): void {
  if (isSuite(name) || PROGRAMS.includes(name)) return;
  throw new UsageError(`there is no suite and no program ${name}`, {
    hint: `suites: ${Object.keys(SUITES).join(', ')}; programs: ${PROGRAMS.join(', ')}`,
  });
}

function isSuite(name: string): name is keyof typeof SUITES {
  return Object.hasOwn(SUITES, name);
}

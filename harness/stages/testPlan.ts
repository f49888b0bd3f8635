// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import { programsOf } from './suites.ts';

/** One test that the guest programs offer. */
export interface PlannedTest {
  /** `program:fixture.variant.test` */
  id: string;
  program: string;
  /** What the program calls it. */
  name: string;
  /** Where its body is, relative to the checkout. */
  source?: { file: string; line: number };
}

export interface Selection {
  /** Names of suites or programs; none means all. */
  suites: readonly string[];
  /** A regular expression that an id must match somewhere. */
  grep?: string | undefined;
  /** The only ids that may be picked. */
  only?: ReadonlySet<string> | undefined;
}

/** The tests that `selection` picks, in their order. */
export function selectTests(
  tests: readonly PlannedTest[],
  { suites, grep, only }: Selection,
): PlannedTest[] {
  const wanted = programsOf(suites);
  const pattern = grep === undefined ? undefined : compilePattern(grep);
  return tests
    .filter(({ program }) => suites.length === 0 || wanted.has(program))
    .filter(({ id }) => pattern === undefined || pattern.test(id))
    .filter(({ id }) => only === undefined || only.has(id));
}

function compilePattern(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    throw new UsageError(`--grep ${source} is not a regular expression`, { cause });
  }
}

/** Reads what the programs print for `--list`: a name a line, a tab, then `file:line`. */
export function parseListing(program: string, text: string): PlannedTest[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', where = ''] = line.split('\t');
      const [, file, number] = /^(.*):(\d+)$/.exec(where) ?? [];
      const source = file ? { source: { file, line: Number(number) } } : {};
      return { id: `${program}:${name}`, program, name, ...source };
    });
}

// SPDX-License-Identifier: MIT
import { checkSuite } from '../stages/suites.ts';

/** Checks one of the suites and programs that a command takes, before anything long begins; returns all so far. */
export function suite(name: string, earlier: readonly string[] = []): readonly string[] {
  checkSuite(name);
  return [...earlier, name];
}

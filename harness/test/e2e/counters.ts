// SPDX-License-Identifier: MIT
import type { Results } from '../../schema/results.ts';

/** The stalls that the device counted during a test. */
export function stalls(document: Results, id: string): number {
  return counter(document, id, 'stalls');
}

/** What the device counted during a test. */
export function counter(document: Results, id: string, name: string): number {
  const value = document.tests.find((test) => test.id === id)?.counters?.[name];
  if (value === undefined) throw new Error(`${id} has no counter ${name}`);
  return value;
}

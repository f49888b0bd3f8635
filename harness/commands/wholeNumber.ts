// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** A day: more is a mistake, and a timer takes no more than 24 days. */
export const MOST_SECONDS = 86_400;
/** More guests than any host has room for. */
export const MOST_JOBS = 1024;

/** Reads a whole number that the option `name` takes, in decimal digits. */
export function wholeNumber(name: string, minimum: number, maximum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new UsageError(
      `${name} takes a whole number from ${minimum} to ${maximum}, not ${text || 'nothing'}`,
    );
  };
}

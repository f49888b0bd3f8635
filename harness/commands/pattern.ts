// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** Checks a regular expression that the option `name` takes, before anything long begins; returns its text. */
export function pattern(name: string) {
  return (text: string): string => {
    try {
      new RegExp(text);
    } catch (cause) {
      throw new UsageError(`${name} takes a regular expression: ${(cause as Error).message}`, {
        hint: 'quote it for the shell, and write \\ before a character that is meant literally',
        cause,
      });
    }
    return text;
  };
}

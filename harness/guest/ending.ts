// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';

/** How a command in the guest ended. Only `exited` with 0 is a success. */
export type Ending =
  | { how: 'exited'; code: number }
  | { how: 'killed'; signal: string }
  | { how: 'timedOut'; afterMs: number }
  /** The connection broke before the guest reported an end: it died, or its server did. */
  | { how: 'lost'; reason: string };

const OUTPUT_LINES = 40;

/** The ending as the predicate of a sentence. */
export function describe(ending: Ending): string {
  switch (ending.how) {
    case 'exited':
      return `exited with ${ending.code}`;
    case 'killed':
      return `was killed by ${ending.signal}`;
    case 'timedOut':
      return `did not end within ${ending.afterMs} ms`;
    case 'lost':
      return `was lost: ${ending.reason}`;
  }
}

/** Throws `InfraError`, with the end of `output`, unless `command` exited with 0. */
export function requireSuccess(
  ending: Ending,
  what: string,
  command: string,
  output: readonly string[],
) {
  if (ending.how === 'exited' && ending.code === 0) return;
  throw new InfraError(`${what}: the command in the guest ${describe(ending)}`, {
    command,
    output: output.slice(-OUTPUT_LINES).join('\n'),
  });
}

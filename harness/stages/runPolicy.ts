// SPDX-License-Identifier: MIT
import type { SummaryOptions } from '../schema/verdict.ts';
import type { Isolation } from './guestSource.ts';
import type { RepetitionOptions } from './repetition.ts';

/** How often tests run, and what a failure means. */
export interface RunPolicy extends RepetitionOptions {
  /** What shares a guest. */
  isolation: Isolation;
  /** What a test that passes only when retried makes of the run. */
  flaky: NonNullable<SummaryOptions['flaky']>;
}

/** Every test once, whatever becomes of the others. */
export const DEFAULT_POLICY: RunPolicy = {
  repeatEach: 1,
  retries: 0,
  isolation: 'program',
  flaky: 'tolerated',
  onFailure: 'continue',
};

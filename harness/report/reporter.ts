// SPDX-License-Identifier: MIT

import type {
  RunEnd,
  RunEvent,
  RunFailed,
  RunStart,
  SplatSeen,
  StageEvent,
  TestEnd,
  TestStart,
} from '../schema/events.ts';

/** Shows a run to somebody. Each callback is optional; only the last two may take time. */
export interface Reporter {
  stage?(event: StageEvent): void;
  runStart?(event: RunStart): void;
  testStart?(event: TestStart): void;
  testEnd?(event: TestEnd): void;
  splat?(event: SplatSeen): void;
  runEnd?(event: RunEnd): void | Promise<void>;
  runFailed?(event: RunFailed): void | Promise<void>;
}

/** What a reporter writes to. */
export interface Output {
  write(text: string): unknown;
}

/**
 * Passes `event` to every reporter, in their order. One that fails does not silence the others; its
 * error is thrown once all have been told.
 */
export async function report(reporters: readonly Reporter[], event: RunEvent): Promise<void> {
  const told = await Promise.allSettled(reporters.map(async (reporter) => tell(reporter, event)));
  const errors = told.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, 'several reporters failed');
}

function tell(reporter: Reporter, event: RunEvent): void | Promise<void> {
  switch (event.type) {
    case 'runStart':
      return reporter.runStart?.(event);
    case 'testStart':
      return reporter.testStart?.(event);
    case 'testEnd':
      return reporter.testEnd?.(event);
    case 'splat':
      return reporter.splat?.(event);
    case 'runEnd':
      return reporter.runEnd?.(event);
    case 'runFailed':
      return reporter.runFailed?.(event);
    default:
      return reporter.stage?.(event);
  }
}

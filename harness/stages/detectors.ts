// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import type { TestStatus } from '../schema/results.ts';

/** One way in which a test can go wrong, and what must be noticed of it. */
export interface Detector {
  /** What notices. */
  name: string;
  /** What `guest-tests/selftest/causes` calls the cause; the function of the kernel module, too. */
  cause: string;
  /** The verdict that the test must get although it claims to have passed. */
  status: TestStatus;
  /** What the verdict's reason must say. */
  reason?: RegExp;
  /** The kind of the kernel's report; it must be the test's own. Without it there must be none. */
  splat?: string;
  /** The kernel option without which the kernel cannot notice. */
  needs?: string;
  /** Whether only the time limit ends it. */
  endless?: boolean;
}

/** A report of the kernel turns the pass that the test claims into a failure. */
function report(name: string, cause: string, splat: string, needs?: string): Detector {
  const reason = /^splat: /;
  return { name, cause, status: 'fail', reason, splat, ...(needs ? { needs } : {}) };
}

/** What the kernel reports about itself. */
const OF_THE_KERNEL: readonly Detector[] = [
  { name: 'panic', cause: 'panic', status: 'lost', splat: 'panic' },
  report('oops', 'oops', 'oops'),
  report('BUG', 'bug', 'bug'),
  report('WARNING', 'warning', 'warning'),
  report('refcount', 'refcount', 'refcount'),
  report('soft lockup', 'soft_lockup', 'soft-lockup', 'SOFTLOCKUP_DETECTOR'),
  report('RCU stall', 'rcu_stall', 'rcu-stall'),
  report('hung task', 'hung_task', 'hung-task', 'DETECT_HUNG_TASK'),
  report('KASAN', 'use_after_free', 'kasan', 'KASAN'),
  report('lockdep', 'lock_order', 'lockdep', 'PROVE_LOCKING'),
  report('RCU usage', 'rcu_usage', 'rcu', 'PROVE_RCU'),
  report('atomic sleep', 'atomic_sleep', 'atomic-sleep', 'DEBUG_ATOMIC_SLEEP'),
  report('list corruption', 'list_corruption', 'list-corruption', 'DEBUG_LIST'),
  report('UBSAN', 'shift', 'ubsan', 'UBSAN_SHIFT'),
  report('out of memory', 'out_of_memory', 'oom'),
];

const LOST_CONNECTION = /connection|exit status|reset/i;
const TIME_LIMIT = /did not end within/;

/** What happens to the guest around the test. */
const OF_THE_GUEST: readonly Detector[] = [
  { name: 'full disk', cause: 'full_disk', status: 'fail', reason: /No space left on device/ },
  { name: 'guest power-off', cause: 'power_off', status: 'lost' },
  { name: 'dead server', cause: 'dead_server', status: 'lost', reason: LOST_CONNECTION },
  endless('dead network', 'dead_network'),
  endless('time limit', 'endless_test'),
  endless('console flood', 'console_flood'),
  endless('output flood', 'output_flood'),
];

function endless(name: string, cause: string): Detector {
  return { name, cause, status: 'lost', reason: TIME_LIMIT, endless: true };
}

/** What a test says that is not so. */
const OF_THE_VERDICT: readonly Detector[] = [
  { name: 'plan', cause: 'truncated_plan', status: 'fail', reason: /planned 2 tests, saw 1/ },
  { name: 'plan', cause: 'no_result', status: 'lost', reason: /without a result/ },
  { name: 'exit status', cause: 'lying_status', status: 'fail', reason: /exited with 1/ },
  { name: 'forged result', cause: 'forged_result', status: 'fail', reason: /mixed or forged/ },
  { name: 'name of the result', cause: 'other_name', status: 'fail', reason: /"another_test"/ },
  { name: 'terminal escapes', cause: 'escapes', status: 'fail', reason: /hidden$/ },
  report('forged marker', 'forged_marker', 'warning'),
  // What user space prints is no report of the kernel: here nothing may be noticed.
  { name: 'forged report', cause: 'forged_report', status: 'pass' },
];

/** Every detector that pinlab relies on, each with a cause of its own. */
export const DETECTORS: readonly Detector[] = [
  ...OF_THE_KERNEL,
  ...OF_THE_GUEST,
  ...OF_THE_VERDICT,
];

/** The detectors whose cause matches `grep`, all without it. */
export function selectDetectors(grep = ''): Detector[] {
  const selected = DETECTORS.filter(({ cause }) => new RegExp(grep).test(cause));
  if (selected.length > 0) return selected;
  throw new UsageError(`--grep ${grep} matches no cause`, {
    hint: `causes: ${DETECTORS.map(({ cause }) => cause).join(', ')}`,
  });
}

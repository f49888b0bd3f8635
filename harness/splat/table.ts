// SPDX-License-Identifier: MIT

/** How one knows that a report is complete. */
export type ReportEnd =
  /** `---[ end trace …`. */
  | 'endMarker'
  /** A row of `=`. */
  | 'ruler'
  /** The first line that is no entry of the call trace. */
  | 'trace'
  /** The first line that does not come from the same device. */
  | 'device'
  /** The title's own line is all. */
  | 'line';

/** One kind of report that a kernel makes about itself. */
export interface SplatKind {
  kind: string;
  /** Matches the line that identifies it, from the line's start. Its groups end the title. */
  pattern: RegExp;
  /** How the title starts. */
  label: string;
  end: ReportEnd;
  /** Why it counts. */
  reason: string;
}

/**
 * In order of precision: where lines of one report match several, the first entry names it, and
 * a line is tried against them from the top.
 */
export const SPLAT_KINDS: readonly SplatKind[] = [
  {
    kind: 'panic',
    pattern: /^Kernel panic - not syncing: (.*)/,
    label: 'Kernel panic:',
    end: 'endMarker',
    reason: 'The kernel gave up; nothing after it was judged.',
  },
  {
    kind: 'kasan',
    pattern: /^BUG: KASAN: (.*? in [^\s+]+)/,
    label: 'KASAN:',
    end: 'ruler',
    reason:
      'Memory was used after its free or outside its bounds: a pin that was released too early.',
  },
  {
    kind: 'kfence',
    pattern: /^BUG: KFENCE: (.*? in [^\s+]+)/,
    label: 'KFENCE:',
    end: 'ruler',
    reason: 'As KASAN, found by sampling.',
  },
  {
    kind: 'kcsan',
    pattern: /^BUG: KCSAN: (.*)/,
    label: 'KCSAN:',
    end: 'ruler',
    reason: 'Two accesses race, and nothing orders them.',
  },
  {
    kind: 'ubsan',
    pattern: /^UBSAN: (.*? in [^:]+)/,
    label: 'UBSAN:',
    end: 'endMarker',
    reason: 'Undefined behaviour: the compiler may have turned it into anything.',
  },
  {
    kind: 'refcount',
    pattern: /^refcount_t: (.*?)\.?$/,
    label: 'refcount_t:',
    end: 'endMarker',
    reason: 'A reference was put twice or never taken; a use after free follows.',
  },
  {
    kind: 'list-corruption',
    pattern: /^(list_add double add|list_(?:add|del) corruption\b.*?)(?:[.,:]|$)/,
    label: '',
    end: 'endMarker',
    reason: 'A list entry was freed or added twice.',
  },
  {
    kind: 'lockdep',
    pattern:
      /^WARNING: ((?:possible (?:circular|recursive|irq lock inversion)|\w+-safe -> |inconsistent lock|bad (?:unlock balance|contention)|chain_key collision|held lock freed|lock held when returning|nested lock was not taken|.+\/\d+ still has locks held).*)/i,
    label: 'lockdep:',
    end: 'trace',
    reason: 'The order of locks allows a deadlock, though this run did not meet it.',
  },
  {
    kind: 'lockdep',
    pattern: /^\[ (?:BUG: )?(Invalid wait context) \]/,
    label: 'lockdep:',
    end: 'trace',
    reason: 'A lock that may sleep is taken where sleeping is forbidden.',
  },
  {
    kind: 'lockdep',
    pattern: /^INFO: (trying to register non-static key)/,
    label: 'lockdep:',
    end: 'trace',
    reason: 'A lock was used before it was initialised.',
  },
  {
    kind: 'lockdep',
    pattern: /^BUG: (MAX_(?:LOCKDEP|LOCK|STACK)\w+ too low)/,
    label: 'lockdep:',
    end: 'trace',
    reason: 'Lockdep switched itself off: from here on it proves nothing.',
  },
  {
    kind: 'rcu',
    pattern: /^WARNING: (suspicious RCU usage)/,
    label: 'RCU:',
    end: 'trace',
    reason: 'A pointer that RCU protects was read without the protection.',
  },
  {
    kind: 'rcu-stall',
    pattern: /^(?:rcu: )?INFO: (rcu_\w+ (?:self-)?detected (?:expedited )?stalls?)\b/,
    label: 'RCU stall:',
    end: 'trace',
    reason: 'A CPU did not pass a quiescent state for long: a loop without an end.',
  },
  {
    kind: 'hung-task',
    pattern: /^INFO: task (.+):\d+ blocked(?: in I\/O wait)? for more than \d+ seconds/,
    label: 'hung task',
    end: 'trace',
    reason: 'A task waits for something that does not come.',
  },
  {
    kind: 'soft-lockup',
    pattern: /^(?:watchdog: )?BUG: (soft lockup)/,
    label: '',
    end: 'trace',
    reason: 'A CPU ran in the kernel for long without scheduling.',
  },
  {
    kind: 'hard-lockup',
    pattern: /^(?:watchdog: )?(?:CPU\d+: )?(?:Watchdog detected )?(hard LOCKUP)/,
    label: '',
    end: 'trace',
    reason: 'A CPU did not even take interrupts.',
  },
  {
    kind: 'workqueue-lockup',
    pattern: /^BUG: (workqueue lockup)/,
    label: '',
    end: 'line',
    reason: 'Work was queued and nobody came to do it.',
  },
  {
    kind: 'atomic-sleep',
    pattern: /^BUG: (sleeping function called from invalid context)/,
    label: '',
    end: 'trace',
    reason: 'Code that may sleep runs under a spinlock or in an interrupt.',
  },
  {
    kind: 'atomic-sleep',
    pattern: /^BUG: (scheduling while atomic)/,
    label: '',
    end: 'trace',
    reason: 'Code slept under a spinlock or in an interrupt.',
  },
  {
    kind: 'page-table-check',
    pattern: /^kernel BUG at (mm\/page_table_check\.c):\d+/,
    label: 'page table check',
    end: 'endMarker',
    reason: 'A page is mapped in a way that its counts deny.',
  },
  {
    kind: 'bad-page',
    pattern: /^BUG: (Bad page (?:state|map))/,
    label: '',
    end: 'trace',
    reason: 'A page was freed while in use, or its counts do not add up: a lost or doubled unpin.',
  },
  {
    kind: 'bad-page',
    pattern: /^BUG: (non-zero pgtables_bytes|Bad rss-counter state)/,
    label: '',
    end: 'line',
    reason: 'An address space ended and left pages or page tables behind.',
  },
  {
    kind: 'slab',
    pattern: /^BUG \S+ \(.*\): (.*)/,
    label: 'slab:',
    end: 'trace',
    reason: 'The allocator found an object overwritten or freed twice.',
  },
  {
    kind: 'debug-objects',
    pattern: /^ODEBUG: (\S+ (?:not available|\S+))/,
    label: 'debug objects:',
    end: 'endMarker',
    reason: 'An object with a lifetime (timer, work) was freed or started in the wrong state.',
  },
  {
    kind: 'kmemleak',
    pattern: /^kmemleak: \d+ (new suspected memory leaks)/,
    label: '',
    end: 'line',
    reason: 'Memory that nothing points to was never freed.',
  },
  {
    kind: 'bug',
    pattern: /^kernel BUG at (\S+?)!?$/,
    label: 'kernel BUG at',
    end: 'endMarker',
    reason: 'An invariant of the code does not hold.',
  },
  {
    kind: 'warning',
    pattern: /^WARNING: CPU: \d+ PID: \d+ at (.+?)(?:\+0x.*)?$/,
    label: 'WARNING at',
    end: 'endMarker',
    reason: 'The code reached a state that its author held impossible (format until 6.18).',
  },
  {
    kind: 'warning',
    pattern: /^WARNING: (?:(\S+:\d+) )?at (\S+?)(?:\+0x.*)?, CPU#\d+: /,
    label: 'WARNING at',
    end: 'endMarker',
    reason: 'As above, in the format of newer kernels.',
  },
  {
    kind: 'oops',
    pattern: /^Unable to handle kernel (.*?)(?: at virtual address.*)?$/,
    label: 'Oops: kernel',
    end: 'endMarker',
    reason: 'The kernel used an address that is not mapped (arm64).',
  },
  {
    kind: 'oops',
    pattern: /^BUG: (kernel NULL pointer dereference|unable to handle .*?)(?:,|:|$)/,
    label: 'Oops:',
    end: 'endMarker',
    reason: 'The kernel used an address that is not mapped (x86).',
  },
  {
    kind: 'oops',
    pattern: /^Internal error: (.*?)(?:: [0-9a-f]+)? \[#\d+\]/,
    label: '',
    end: 'endMarker',
    reason: 'A trap in the kernel that nothing handles (arm64).',
  },
  {
    kind: 'oops',
    pattern:
      /^(?:Oops: )?(general protection fault|invalid opcode|divide error|stack segment|double fault|int3|Oops)\b.*\[#\d+\]/,
    label: '',
    end: 'endMarker',
    reason: 'A trap in the kernel that nothing handles (x86).',
  },
  {
    kind: 'serror',
    pattern: /^(SError Interrupt) on CPU\d+/,
    label: '',
    end: 'endMarker',
    reason: 'The memory system refused an access after the fact: often a device access gone wrong.',
  },
  {
    kind: 'bad-mode',
    pattern: /^(?:Unhandled|Bad mode in) (.*?)(?: exception| handler detected).* on CPU\d+/,
    label: 'bad mode:',
    end: 'endMarker',
    reason: 'An exception that cannot happen (arm64).',
  },
  {
    kind: 'irq',
    pattern: /^irq \d+: (nobody cared)/,
    label: 'interrupt:',
    end: 'trace',
    reason: 'A device raised an interrupt that no driver acknowledged.',
  },
  {
    kind: 'oom',
    pattern: /^(?:Memory cgroup out|Out) of memory: Killed process \d+ \((.*?)\)/,
    label: 'out of memory: killed',
    end: 'line',
    reason: 'A process was killed to free memory: what it would have proved is unknown.',
  },
  {
    kind: 'smmu-event',
    pattern: /^arm-smmu-v3 \S+ (event 0x[0-9a-f]{2}) received:/,
    label: 'SMMUv3:',
    end: 'device',
    reason: 'The SMMU reported an event that no handler took (Arm IHI 0070 section 7.3).',
  },
  {
    kind: 'smmu-error',
    pattern:
      /^arm-smmu-v3 \S+ (CMDQ error|CMDQ timeout|CMD_SYNC timeout|unexpected (?:PRI request|global error)|(?:EVTQ|PRIQ) overflow|device has entered Service Failure Mode|.* write aborted)/,
    label: 'SMMUv3:',
    end: 'device',
    reason: 'The SMMU or its driver lost a command or an event: later verdicts cannot be trusted.',
  },
  {
    kind: 'bug',
    pattern: /^BUG: (.*)/,
    label: 'BUG:',
    end: 'trace',
    reason: 'Any other report that the kernel itself calls a bug.',
  },
  {
    kind: 'warning',
    pattern: /^WARNING: (.*)/,
    label: 'WARNING:',
    end: 'trace',
    reason: 'Any other report that the kernel itself calls a warning.',
  },
];

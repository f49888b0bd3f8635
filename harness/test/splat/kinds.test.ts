// SPDX-License-Identifier: MIT

import test from 'ava';
import { recognise } from '../../splat/kinds.ts';
import { SPLAT_KINDS } from '../../splat/table.ts';

/** The line that announces each kind, as kernels print it, and the title it gives. */
const ANNOUNCEMENTS: readonly [kind: string, line: string, title: string][] = [
  [
    'panic',
    'Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b',
    'Kernel panic: Attempted to kill init! exitcode=0x0000000b',
  ],
  [
    'kasan',
    'BUG: KASAN: slab-use-after-free in mempinfd_release+0x1c/0x40',
    'KASAN: slab-use-after-free in mempinfd_release',
  ],
  ['kfence', 'BUG: KFENCE: memory corruption in foo+0x1/0x2', 'KFENCE: memory corruption in foo'],
  ['kcsan', 'BUG: KCSAN: data-race in a / b', 'KCSAN: data-race in a / b'],
  [
    'ubsan',
    'UBSAN: shift-out-of-bounds in mm/mempinfd.c:12:3',
    'UBSAN: shift-out-of-bounds in mm/mempinfd.c',
  ],
  ['refcount', 'refcount_t: underflow; use-after-free.', 'refcount_t: underflow; use-after-free'],
  [
    'list-corruption',
    'list_add corruption. prev->next should be next (ffff000000), but was 0000. (prev=ff).',
    'list_add corruption',
  ],
  [
    'lockdep',
    'WARNING: possible circular locking dependency detected',
    'lockdep: possible circular locking dependency detected',
  ],
  [
    'lockdep',
    'WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected',
    'lockdep: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected',
  ],
  ['lockdep', 'WARNING: bad contention detected!', 'lockdep: bad contention detected!'],
  ['lockdep', 'WARNING: chain_key collision', 'lockdep: chain_key collision'],
  [
    'lockdep',
    'WARNING: my program/12 still has locks held!',
    'lockdep: my program/12 still has locks held!',
  ],
  [
    'list-corruption',
    'list_add double add: new=ffff000012345678, prev=ffff000000, next=ffff000000.',
    'list_add double add',
  ],
  ['lockdep', '[ BUG: Invalid wait context ]', 'lockdep: Invalid wait context'],
  [
    'lockdep',
    'INFO: trying to register non-static key.',
    'lockdep: trying to register non-static key',
  ],
  ['lockdep', 'BUG: MAX_LOCKDEP_CHAINS too low!', 'lockdep: MAX_LOCKDEP_CHAINS too low'],
  ['rcu', 'WARNING: suspicious RCU usage', 'RCU: suspicious RCU usage'],
  [
    'rcu-stall',
    'rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-... } 5 jiffies s: 9 root:',
    'RCU stall: rcu_preempt detected expedited stalls',
  ],
  [
    'hung-task',
    'INFO: task kworker/0:1:12 blocked for more than 10 seconds.',
    'hung task kworker/0:1',
  ],
  // As Linux 7.3 says it of a task that waits for I/O.
  ['hung-task', 'INFO: task dma:70 blocked in I/O wait for more than 10 seconds.', 'hung task dma'],
  ['soft-lockup', 'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [dma:70]', 'soft lockup'],
  ['hard-lockup', 'watchdog: Watchdog detected hard LOCKUP on cpu 0', 'hard LOCKUP'],
  // As Linux 7.3 says it.
  ['hard-lockup', 'watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 0', 'hard LOCKUP'],
  [
    'workqueue-lockup',
    'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 33s!',
    'workqueue lockup',
  ],
  [
    'atomic-sleep',
    'BUG: sleeping function called from invalid context at mm/gup.c:3000',
    'sleeping function called from invalid context',
  ],
  ['atomic-sleep', 'BUG: scheduling while atomic: dma/70/0x00000002', 'scheduling while atomic'],
  [
    'page-table-check',
    'kernel BUG at mm/page_table_check.c:126!',
    'page table check mm/page_table_check.c',
  ],
  ['bad-page', 'BUG: Bad page state in process dma  pfn:4158f', 'Bad page state'],
  [
    'bad-page',
    'BUG: Bad rss-counter state mm:0000000012345678 type:MM_ANONPAGES val:3',
    'Bad rss-counter state',
  ],
  [
    'slab',
    'BUG kmalloc-64 (Tainted: G    B             ): Poison overwritten',
    'slab: Poison overwritten',
  ],
  [
    'debug-objects',
    'ODEBUG: free active (active state 0) object: ffff000 object type: timer_list hint: foo+0x0/0x1',
    'debug objects: free active',
  ],
  [
    'kmemleak',
    'kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)',
    'new suspected memory leaks',
  ],
  ['bug', 'kernel BUG at mm/mempinfd.c:99!', 'kernel BUG at mm/mempinfd.c:99'],
  [
    'warning',
    'WARNING: CPU: 0 PID: 70 at mm/gup.c:123 try_grab_folio+0x1c/0x40',
    'WARNING at mm/gup.c:123 try_grab_folio',
  ],
  [
    'warning',
    'WARNING: mm/gup.c:123 at try_grab_folio+0x1c/0x40 [gup_test], CPU#1: dma/70',
    'WARNING at mm/gup.c:123 try_grab_folio',
  ],
  [
    'oops',
    'Unable to handle kernel paging request at virtual address dead000000000100',
    'Oops: kernel paging request',
  ],
  [
    'oops',
    'BUG: kernel NULL pointer dereference, address: 0000000000000008',
    'Oops: kernel NULL pointer dereference',
  ],
  [
    'oops',
    'Internal error: synchronous external abort: 0000000096000010 [#1] PREEMPT SMP',
    'synchronous external abort',
  ],
  [
    'oops',
    'Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP',
    'general protection fault',
  ],
  ['serror', 'SError Interrupt on CPU0, code 0x00000000be000000 -- SError', 'SError Interrupt'],
  [
    'bad-mode',
    'Unhandled 64-bit el1h sync exception on CPU0, ESR 0x0000000002000000 -- Unknown',
    'bad mode: 64-bit el1h sync',
  ],
  [
    'irq',
    'irq 35: nobody cared (try booting with the "irqpoll" option)',
    'interrupt: nobody cared',
  ],
  [
    'oom',
    'Out of memory: Killed process 70 (dma) total-vm:1024kB, anon-rss:4kB, file-rss:0kB',
    'out of memory: killed dma',
  ],
  ['smmu-event', 'arm-smmu-v3 9050000.smmuv3: event 0x10 received:', 'SMMUv3: event 0x10'],
  [
    'smmu-error',
    'arm-smmu-v3 9050000.smmuv3: EVTQ overflow detected -- events lost',
    'SMMUv3: EVTQ overflow',
  ],
  ['bug', 'BUG: spinlock bad magic on CPU#0, dma/70', 'BUG: spinlock bad magic on CPU#0, dma/70'],
  [
    'warning',
    'WARNING: stack recursion on stack type 4',
    'WARNING: stack recursion on stack type 4',
  ],
];

test('each announcement gives its kind and title', (t) => {
  for (const [kind, line, title] of ANNOUNCEMENTS) {
    const found = recognise(line);
    t.deepEqual([found?.kind.kind, found?.title], [kind, title], line);
  }
});

test('each entry of the table has an announcement that only it names', (t) => {
  const ranks = ANNOUNCEMENTS.map(([, line]) => recognise(line)?.rank);
  t.deepEqual(
    SPLAT_KINDS.map((_, rank) => rank).filter((rank) => !ranks.includes(rank)),
    [],
  );
});

test('ordinary lines announce nothing', (t) => {
  const lines = [
    'Warning: unable to open an initial console.',
    'splatter: loading out-of-tree module taints kernel.',
    'Kernel command line: panic=-1 warn BUG: WARNING:',
    'audit: WARNING: CPU: 0 PID: 1 at foo',
    'hrtimer: interrupt took 44039360 ns',
    'arm-smmu-v3 9050000.smmuv3: ias 44-bit, oas 44-bit (features 0x00000d0f)',
    'INFO: task init:38 is blocked on a mutex likely owned by task pinner:39.',
    '---[ end trace 0000000000000000 ]---',
    'Call trace:',
    '',
  ];
  for (const line of lines) t.is(recognise(line), undefined, line);
});

// SPDX-License-Identifier: MIT

import { createHash } from 'node:crypto';
import type { Frame } from '../schema/results.ts';

const TOP_FRAMES = 3;

/** Functions on every trace of their kind: they report, and say nothing of what happened. */
const REPORTING: readonly { pattern: RegExp; reason: string }[] = [
  {
    pattern: /^(?:dump_backtrace|show_stack|dump_stack|dump_stack_lvl|__dump_stack|show_regs)$/,
    reason: 'prints the trace itself',
  },
  {
    pattern: /^(?:__warn|__warn_printk|warn_slowpath.*|report_bug|bug_handler|panic|vpanic|die)$/,
    reason: 'how every warning, BUG and panic is raised',
  },
  {
    pattern: /^(?:brk_handler|do_debug_exception|do_mem_abort|do_translation_fault|do_page_fault)$/,
    reason: 'how arm64 delivers a trap',
  },
  {
    pattern: /^(?:el1h?_.*|__do_kernel_fault|die_kernel_fault|asm_exc_.*|exc_.*|page_fault_oops)$/,
    reason: 'exception entry',
  },
  {
    pattern:
      /^(?:__switch_to|__schedule|schedule|schedule_(?:timeout|preempt_disabled|hrtimeout)\w*|__wait_for_common|wait_for_completion\w*|io_schedule\w*|__mutex_lock\w*|mutex_lock\w*|rwsem_down_\w+|down_(?:read|write)\w*)$/,
    reason: 'how every task waits',
  },
  {
    pattern: /^(?:print_report|print_address_description|kasan_\w+|__kasan_\w+|__asan_\w+)$/,
    reason: 'how KASAN checks and reports',
  },
  {
    pattern: /^(?:kcsan_\w+|__kcsan_\w+|__tsan_\w+|__ubsan_\w+|ubsan_\w+|handle_overflow)$/,
    reason: 'how KCSAN and UBSAN check and report',
  },
  {
    pattern: /^(?:__lock_acquire|lock_acquire|check_noncircular|validate_chain|mark_lock\w*)$/,
    reason: 'how lockdep checks',
  },
  {
    pattern: /^(?:print_\w*bug\w*|print_circular\w*|lockdep_\w+|check_wait_context)$/,
    reason: 'how lockdep reports',
  },
  {
    pattern: /^(?:__might_resched|__might_sleep|__might_fault|__schedule_bug)$/,
    reason: 'how sleeping in atomic context is found',
  },
  {
    pattern: /^(?:refcount_warn_saturate|__list_\w+_valid\w*|slab_\w*err\w*|object_err)$/,
    reason: 'how data corruption is found; the caller is at fault',
  },
];

/** What the compiler appends to a clone of a function. */
const CLONE_SUFFIX = /\.(?:isra|constprop|part|cold|llvm|lto_priv)(?:\.\d+)?/g;

/**
 * Names a splat so that the same defect has the same name in another build or at another address:
 * the kind and the innermost functions that say something, without offsets.
 */
export function fingerprint(kind: string, title: string, frames: readonly Frame[]): string {
  const symbols = frames.map(({ symbol }) => symbol.replace(CLONE_SUFFIX, ''));
  const telling = symbols.filter((symbol) => !isReporting(symbol)).slice(0, TOP_FRAMES);
  const essence = telling.length > 0 ? telling : [withoutNumbers(title)];
  const hash = createHash('sha256').update([kind, ...essence].join('\n'));
  return `${kind}-${hash.digest('hex').slice(0, 12)}`;
}

function isReporting(symbol: string): boolean {
  return REPORTING.some(({ pattern }) => pattern.test(symbol));
}

/** Process ids, addresses and sizes differ from run to run. */
function withoutNumbers(title: string): string {
  return title.replace(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gi, 'N');
}

// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';
import { CONSOLE_ID } from '../qemu/args.ts';
import type { Vm } from '../qemu/vm.ts';
import type { GuestConsole } from './guestConsole.ts';

/** A question that the kernel answers on its console, whatever its tasks are doing (Documentation/admin-guide/sysrq.rst). */
interface Question {
  key: string;
  /** How the answer begins. */
  heading: string;
}

const TASKS: Question = { key: 't', heading: 'sysrq: Show State' };
const BLOCKED: Question = { key: 'w', heading: 'sysrq: Show Blocked State' };
const LOCKS: Question = { key: 'd', heading: 'sysrq: Show Locks Held' };
const CPUS: Question = { key: 'l', heading: 'sysrq: Show backtrace of all active CPUs' };
/** A key that asks nothing: its answer shows that all others are complete. */
const END: Question = { key: 'h', heading: 'sysrq: HELP' };

export interface AskOptions {
  /** Whether this kernel knows who holds which lock. */
  lockdep: boolean;
  /** How long each answer may take to begin. */
  answerTimeoutMs: number;
}

/**
 * What the kernel of a hanging guest says about its tasks, locks and CPUs, line by line, and QEMU
 * about the registers. It tells as much as can be learnt: a kernel may be too dead to answer.
 */
export async function askKernel(
  vm: Pick<Vm, 'qmp' | 'console'>,
  console: GuestConsole,
  { lockdep, answerTimeoutMs }: AskOptions,
): Promise<string[]> {
  const lines: string[] = [];
  using _ = console.follow((line) => lines.push(line));
  try {
    for (const question of [TASKS, BLOCKED, ...(lockdep ? [LOCKS] : []), CPUS, END]) {
      if (await ask(vm, console, question, answerTimeoutMs)) continue;
      lines.push(`no answer to sysrq ${question.key} within ${answerTimeoutMs} ms`);
      break;
    }
    lines.push(...(await vm.qmp.humanMonitor('info registers -a')).split(/\r?\n/));
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    lines.push(error.message);
  }
  return lines;
}

/** A serial break, then a key: the next question must wait, or this key would be taken for its break's. */
async function ask(
  vm: Pick<Vm, 'qmp' | 'console'>,
  console: GuestConsole,
  { key, heading }: Question,
  timeoutMs: number,
): Promise<boolean> {
  const answered = console.until(heading, timeoutMs);
  await vm.qmp.execute('chardev-send-break', { id: CONSOLE_ID });
  vm.console.write(key);
  return answered;
}

/** The stacks that `lines`, an answer about all tasks, has of those that run the program `name`. */
export function stacksOf(name: string, lines: readonly string[]): string[] {
  // A task's name has 15 characters (TASK_COMM_LEN).
  const own = name.slice(0, 15);
  const stacks: string[] = [];
  let inside = false;
  for (const line of lines) {
    const task = /task:(.*?)\s+state:/.exec(line)?.[1];
    if (task !== undefined || /Showing busy workqueues|sysrq:/.test(line)) inside = task === own;
    if (inside) stacks.push(line);
  }
  return stacks;
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { printable } from '../schema/printable.ts';
import type { HangingGuest } from './answered.ts';
import { askKernel, stacksOf } from './askKernel.ts';

/** What is asked when something takes too long. */
export interface Hang {
  /** What did not happen: `run pin:pin.anon.x`. */
  awaited: string;
  /** The program whose tasks matter most. */
  program?: string | undefined;
}

export interface WatchdogOptions {
  /** Where its reports go. */
  directory: string;
  /** The configuration of the kernel in the guests. */
  kernelConfig: string;
}

/** How long the kernel may take until it begins to answer a sysrq key. */
const KERNEL_ANSWER_TIMEOUT_MS = 5_000;
/** How long QEMU may take to end where its guest is gone. */
const END_TIMEOUT_MS = 200;
const STACK_LINES = 60;

/** Asks the kernels of guests that hang, and keeps what they say in `hang.txt`, `hang-2.txt`, …. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #hangs = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Diagnostics of the hang, which name the report with all that was said; none if the guest has ended. */
  async report(guest: HangingGuest, { awaited, program }: Hang): Promise<string[]> {
    if (await hasEnded(guest)) return [];
    this.#hangs += 1;
    const name = this.#hangs === 1 ? 'hang.txt' : `hang-${this.#hangs}.txt`;
    const answerTimeoutMs = guest.within(KERNEL_ANSWER_TIMEOUT_MS);
    const lockdep = await this.#hasLockdep();
    const said = await askKernel(guest.vm, guest.console, { lockdep, answerTimeoutMs });
    const text = [`awaited: ${awaited}`, '', ...said.map((line) => printable(line)), ''].join('\n');
    await writeFileAtomic(join(this.#options.directory, name), text);
    const stacks = program === undefined ? [] : stacksOf(program, said).slice(0, STACK_LINES);
    return [`the kernel’s tasks, locks and CPUs while it hung: ${name}`, ...stacks];
  }

  async #hasLockdep(): Promise<boolean> {
    return /^CONFIG_LOCKDEP=y$/m.test(await readFile(this.#options.kernelConfig, 'utf8'));
  }
}

/** A panic ends QEMU before anybody could ask. */
async function hasEnded({ vm, console, within }: HangingGuest): Promise<boolean> {
  const timeoutMs = within(END_TIMEOUT_MS);
  const soon = new Promise<false>((resolve) => setTimeout(resolve, timeoutMs, false));
  return Promise.race([Promise.all([vm.exited, console.closed]).then(() => true), soon]);
}

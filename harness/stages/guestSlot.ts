// SPDX-License-Identifier: MIT
import type { Splat } from '../schema/results.ts';
import { lastReports } from './lastReports.ts';
import type { TestGuest } from './testGuest.ts';

export interface GuestSlotOptions {
  open: () => Promise<TestGuest>;
  /** Takes what the kernel of a guest reported after its last test. */
  onReports: (splats: readonly Splat[]) => Promise<unknown>;
  signal: AbortSignal;
}

/** Room for one guest at a time, opened when it is first needed; disposal drops it. */
export class GuestSlot implements AsyncDisposable {
  readonly #options: GuestSlotOptions;
  #current: TestGuest | undefined;

  constructor(options: GuestSlotOptions) {
    this.#options = options;
  }

  /** The guest in which the next test runs. */
  async use(): Promise<TestGuest> {
    this.#current ??= await this.#options.open();
    return this.#current;
  }

  /** Takes the last reports of the guest and ends it, so that the next test gets another. */
  async clear() {
    await using guest = this.#release();
    if (!guest) return;
    const { signal, onReports } = this.#options;
    await onReports(await lastReports(guest, signal));
  }

  /** Ends the guest, which is lost: nothing is awaited of it. */
  async drop() {
    await this.#release()?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drop();
  }

  #release(): TestGuest | undefined {
    const guest = this.#current;
    this.#current = undefined;
    return guest;
  }
}

// SPDX-License-Identifier: MIT
import type { Splat } from '../schema/results.ts';
import { type LastReportsOptions, lastReports } from './lastReports.ts';
import type { TestGuest } from './testGuest.ts';

export interface GuestSlotOptions extends LastReportsOptions {
  open: () => Promise<TestGuest>;
  /** Takes what the kernel of a guest reported after its last test. */
  onReports: (splats: readonly Splat[]) => Promise<unknown>;
}

/** Room for one guest at a time, opened when it is first needed; disposal drops it. */
export class GuestSlot implements AsyncDisposable {
  readonly #options: GuestSlotOptions;
  #current: TestGuest | undefined;
  /** The end of the guest before. */
  #retired: Promise<void> = Promise.resolve();

  constructor(options: GuestSlotOptions) {
    this.#options = options;
  }

  /** The guest in which the next test runs. */
  async use(): Promise<TestGuest> {
    this.#current ??= await this.#options.open();
    return this.#current;
  }

  /**
   * Takes the last reports of the guest and ends it, so that the next test gets another. That one is
   * not kept waiting: what fails here is told by the next call.
   */
  async retire() {
    if (!this.#current) return;
    await this.#retired;
    this.#retired = this.#end(this.#release());
    this.#retired.catch(() => undefined);
  }

  /** As `retire`, and waits for the end. */
  async clear() {
    await this.retire();
    await this.#retired;
  }

  /** Ends the guest, which is lost: nothing is awaited of it. */
  async drop() {
    await this.#release()?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose]() {
    await this.drop();
    // Whoever wants to know how it went has called `clear`.
    await this.#retired.catch(() => undefined);
  }

  async #end(given: TestGuest | undefined) {
    await using guest = given;
    if (!guest) return;
    await this.#options.onReports(await lastReports(guest, this.#options));
  }

  #release(): TestGuest | undefined {
    const guest = this.#current;
    this.#current = undefined;
    return guest;
  }
}

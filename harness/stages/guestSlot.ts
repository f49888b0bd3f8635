// SPDX-License-Identifier: MIT
import type { TestGuest } from './testGuest.ts';

/** Room for one guest at a time, opened when it is first needed; disposal ends it. */
export class GuestSlot implements AsyncDisposable {
  readonly #open: () => Promise<TestGuest>;
  #current: TestGuest | undefined;

  constructor(open: () => Promise<TestGuest>) {
    this.#open = open;
  }

  /** The guest in which the next test runs. */
  async use(): Promise<TestGuest> {
    this.#current ??= await this.#open();
    return this.#current;
  }

  /** Ends the guest, so that the next test gets another. */
  async clear() {
    const guest = this.#current;
    this.#current = undefined;
    await guest?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.clear();
  }
}

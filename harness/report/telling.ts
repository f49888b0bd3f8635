// SPDX-License-Identifier: MIT

import type { RunEvent } from '../schema/events.ts';
import { type Reporter, report } from './reporter.ts';

/** Tells reporters of events one after the other, in their order. */
export class Telling {
  readonly #reporters: readonly Reporter[];
  readonly #errors: unknown[] = [];
  #told: Promise<void> = Promise.resolve();

  constructor(reporters: readonly Reporter[]) {
    this.#reporters = reporters;
  }

  /** Returns at once; a reporter that fails hears of the next event all the same. */
  tell(event: RunEvent) {
    this.#told = this.#told
      .then(() => report(this.#reporters, event))
      .catch((error) => void this.#errors.push(error));
  }

  /** What `run` makes; an error that ends it is told, and then thrown on. */
  async during<T>(run: Promise<T>): Promise<T> {
    try {
      return await run;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.tell({ type: 'runFailed', error });
      await this.#told;
      throw cause;
    }
  }

  /** Settles once all is told; rejects with the first failure of a reporter. */
  async done(): Promise<void> {
    await this.#told;
    if (this.#errors.length > 0) throw this.#errors[0];
  }
}

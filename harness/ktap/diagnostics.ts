// SPDX-License-Identifier: MIT

import { printable } from '../schema/printable.ts';

/** Keeps the first and the last lines of a test's output, however much it prints. */
export class Diagnostics {
  static readonly maxLines = 200;
  static readonly maxLineLength = 500;
  readonly #head: string[] = [];
  readonly #tail: string[] = [];
  #dropped = 0;

  push(line: string) {
    const half = Diagnostics.maxLines / 2;
    const text = printable(line, Diagnostics.maxLineLength);
    if (this.#head.length < half) this.#head.push(text);
    else this.#tail.push(text);
    if (this.#tail.length <= half) return;
    this.#tail.shift();
    this.#dropped += 1;
  }

  /** The lines, made safe to show, with a note where some were dropped. */
  lines(): string[] {
    if (this.#dropped === 0) return [...this.#head, ...this.#tail];
    return [...this.#head, `… ${this.#dropped} lines dropped …`, ...this.#tail];
  }
}

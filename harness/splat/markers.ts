// SPDX-License-Identifier: MIT

/** The line that is written to /dev/kmsg where a test begins or ends. */
export function marker(nonce: string, what: 'begin' | 'end', id: string): string {
  return `pinlab ${nonce} ${what} ${id}`;
}

/** Tells from the marker lines on a console which test is running. */
export class Markers {
  readonly #pattern: RegExp;
  #current: string | null = null;

  /** `nonce` is a word of letters and digits; markers with another are not ours. */
  constructor(nonce: string) {
    this.#pattern = new RegExp(`^pinlab ${nonce} (begin|end) (\\S+)$`);
  }

  /** The test that is running, by the markers so far. */
  get current(): string | null {
    return this.#current;
  }

  /** Takes a line; whether it is a marker. */
  push(text: string): boolean {
    const [, what, id = null] = this.#pattern.exec(text) ?? [];
    if (what === 'begin') this.#current = id;
    // The end of a test that is not running says nothing.
    if (what === 'end' && id === this.#current) this.#current = null;
    return what !== undefined;
  }
}

// SPDX-License-Identifier: MIT

import type { RunEnd } from '../schema/events.ts';
import type { Output, Reporter } from './reporter.ts';

/**
 * Says why a run ended early. Must come before GitHub's: guests have a say in the text, and no
 * workflow command may be made of it.
 */
export class ExplanationReporter implements Reporter {
  readonly #stream: Output;

  constructor(stream: Output) {
    this.#stream = stream;
  }

  runEnd({ explanation }: RunEnd) {
    if (explanation !== undefined) this.#stream.write(`${explanation}\n`);
  }
}

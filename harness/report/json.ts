// SPDX-License-Identifier: MIT

import type { RunEnd } from '../schema/events.ts';
import type { Results } from '../schema/results.ts';
import type { Output, Reporter } from './reporter.ts';

/** Writes the results document to a stream, and nothing else. */
export class JsonReporter implements Reporter {
  readonly #stream: Output;

  constructor(stream: Output) {
    this.#stream = stream;
  }

  runEnd({ results }: RunEnd) {
    this.#stream.write(resultsText(results));
  }
}

/** The text of `results.json`. */
export function resultsText(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}

// SPDX-License-Identifier: MIT

import { join } from 'node:path';
import type { RunEnd } from '../schema/events.ts';
import type { Results } from '../schema/results.ts';
import { writeReport } from './file.ts';
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

/** Keeps the results document as `results.json` in a directory, whole or not at all. */
export class ResultsFileReporter implements Reporter {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async runEnd({ results }: RunEnd) {
    await writeReport(join(this.#directory, 'results.json'), resultsText(results));
  }
}

function resultsText(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}

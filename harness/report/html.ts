// SPDX-License-Identifier: MIT

import { join } from 'node:path';
import type { RunEnd } from '../schema/events.ts';
import { writeReport } from './file.ts';
import { htmlText } from './htmlPage.ts';
import type { Reporter } from './reporter.ts';

/** Keeps `report.html` in a directory: one file that needs no other and runs no script. */
export class HtmlReporter implements Reporter {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, 'report.html');
  }

  async runEnd({ results }: RunEnd) {
    await writeReport(this.#file, htmlText(results));
  }
}

// SPDX-License-Identifier: MIT

import { join } from 'node:path';
import type { RunEnd } from '../schema/events.ts';
import type { Frame, Results } from '../schema/results.ts';
import { writeReport } from './file.ts';
import { htmlText, type SourceContext } from './htmlPage.ts';
import type { Reporter } from './reporter.ts';

export interface HtmlOptions {
  directory: string;
  /** The lines around a frame's source line, where the source is at hand. */
  sourceContext?: (frame: Frame) => Promise<SourceContext | undefined>;
}

/** Keeps `report.html` in a directory: one file that needs no other and runs no script. */
export class HtmlReporter implements Reporter {
  readonly #options: HtmlOptions;

  constructor(options: HtmlOptions) {
    this.#options = options;
  }

  async runEnd({ results }: RunEnd) {
    const contexts = await this.#contexts(results);
    await writeReport(join(this.#options.directory, 'report.html'), htmlText(results, contexts));
  }

  async #contexts(results: Results): Promise<Map<Frame, SourceContext>> {
    const { sourceContext } = this.#options;
    const found = new Map<Frame, SourceContext>();
    if (!sourceContext) return found;
    for (const frame of results.splats.flatMap(({ frames }) => frames)) {
      const context = frame.line === undefined ? undefined : await sourceContext(frame);
      if (context) found.set(frame, context);
    }
    return found;
  }
}

// SPDX-License-Identifier: MIT

import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../errors.ts';
import type { RunEnd, RunStart, SplatSeen, TestEnd } from '../schema/events.ts';
import { type JournalEntry, journalLine } from '../schema/journal.ts';
import { writeReport } from './file.ts';
import { resultsText } from './json.ts';
import type { Reporter } from './reporter.ts';

/**
 * Keeps the results document as `results.json` in a directory, whole or not at all. Until it can be
 * written a journal holds what is known, line by line: not even SIGKILL costs a verdict that anybody
 * has seen. Comes before reporters that show verdicts.
 */
export class ResultsFileReporter implements Reporter {
  readonly #directory: string;
  readonly #journal: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#journal = join(directory, 'journal.jsonl');
  }

  runStart({ record }: RunStart) {
    if (!record) return;
    this.#write(() => {
      mkdirSync(this.#directory, { recursive: true });
      writeFileSync(this.#journal, journalLine({ run: record }));
      // Of another run: whoever looks now must not take it for this one's.
      rmSync(join(this.#directory, 'results.json'), { force: true });
    });
  }

  testEnd({ test }: TestEnd) {
    this.#append({ test });
  }

  splat({ splat }: SplatSeen) {
    this.#append({ splat });
  }

  async runEnd({ results }: RunEnd) {
    await writeReport(join(this.#directory, 'results.json'), resultsText(results));
    await rm(this.#journal, { force: true });
  }

  #append(entry: JournalEntry) {
    this.#write(() => appendFileSync(this.#journal, journalLine(entry)));
  }

  #write(action: () => void) {
    try {
      action();
    } catch (cause) {
      throw new InfraError(`cannot write ${this.#journal}: ${(cause as Error).message}`, {
        cause,
        hint: 'choose another directory with --output, or free space there',
      });
    }
  }
}

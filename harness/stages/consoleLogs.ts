// SPDX-License-Identifier: MIT
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { DISK_FULL_HINT, InfraError } from '../errors.ts';

/** The console of one guest, as a file; disposal completes it. */
export interface ConsoleLog extends AsyncDisposable {
  /** Counts the guests of a run from 1. */
  readonly number: number;
  readonly file: WriteStream;
}

/** The file that has the console of the guest with this number. */
export function consoleName(number: number): string {
  return number === 1 ? 'console.log' : `console-${number}.log`;
}

/** The consoles of all guests of a run: `console.log`, `console-2.log`, …, in the order of their starts. */
export class ConsoleLogs {
  readonly #directory: string;
  #count = 0;
  #failure: InfraError | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What kept a console from being written, if anything did; the guests ran on. */
  get failure(): InfraError | undefined {
    return this.#failure;
  }

  /** The file for the next guest. */
  open(): ConsoleLog {
    this.#count += 1;
    const number = this.#count;
    const path = join(this.#directory, consoleName(number));
    const file = createWriteStream(path);
    file.on('error', (cause: NodeJS.ErrnoException) => this.#fail(path, cause));
    const close = async () => {
      // A failure has been noted already.
      await finished(file.end()).catch(() => undefined);
    };
    return { number, file, [Symbol.asyncDispose]: close };
  }

  #fail(path: string, cause: NodeJS.ErrnoException) {
    const hint =
      cause.code === 'ENOSPC' ? DISK_FULL_HINT : 'choose another directory: --output DIR';
    this.#failure ??= new InfraError(`cannot write ${path}: ${cause.message}`, { cause, hint });
  }
}

// SPDX-License-Identifier: MIT
import { StringDecoder } from 'node:string_decoder';

/** Longer lines arrive in pieces, so that a stream without newlines cannot exhaust memory. */
export const MAX_LINE_LENGTH = 64 * 1024;

/** Cuts a stream of UTF-8 bytes into lines, without their `\n` or `\r\n`. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The lines that `chunk` completes. */
  push(chunk: Buffer): string[] {
    return this.#cut(this.#decoder.write(chunk));
  }

  /** The last line, where the stream did not end with a newline. */
  end(): string[] {
    const lines = this.#cut(this.#decoder.end());
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? lines : [...lines, rest];
  }

  #cut(text: string): string[] {
    const pieces = text.split('\n');
    pieces[0] = this.#rest + pieces[0];
    this.#rest = pieces.pop() ?? '';
    const lines = pieces.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    while (this.#rest.length > MAX_LINE_LENGTH) {
      lines.push(this.#rest.slice(0, MAX_LINE_LENGTH));
      this.#rest = this.#rest.slice(MAX_LINE_LENGTH);
    }
    return lines;
  }
}

// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** Beside unpacked packages and beside the image made of them: their names and versions. */
export const VERSIONS = 'versions.json';

/** A Debian package that the image takes files from. */
export interface ImagePackage {
  name: string;
  /** Undefined for a package that only contributes libraries. */
  program: string | undefined;
  reason: string;
}

/** The packages of a list such as images/packages.txt: name, program or `-`, reason. */
export function parsePackages(text: string): ImagePackage[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => parseLine(line));
}

function parseLine(line: string): ImagePackage {
  const [, name, program, reason] = /^(\S+)\s+(\S+)\s+(\S.*)$/.exec(line) ?? [];
  if (!name || !program || !reason) {
    throw new UsageError(`images/packages.txt: expected name, program and reason: ${line}`);
  }
  return { name, program: program === '-' ? undefined : program, reason };
}

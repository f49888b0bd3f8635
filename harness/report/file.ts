// SPDX-License-Identifier: MIT

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { InfraError } from '../errors.ts';

/** Writes a report, whole or not at all. */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
  } catch (cause) {
    throw new InfraError(`cannot write ${file}: ${(cause as Error).message}`, {
      cause,
      hint: 'choose another directory with --output, or free space there',
    });
  }
}

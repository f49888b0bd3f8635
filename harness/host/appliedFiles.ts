// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { parseJson } from './parseJson.ts';
import { readIfThere } from './paths.ts';

const RECORD = '.pinlab-series.json';

/** The files of `tree` that the series on it has touched; undefined if the record cannot be understood. */
export async function readAppliedFiles(tree: string): Promise<string[] | undefined> {
  const text = await readIfThere(join(tree, RECORD));
  if (text === undefined) return [];
  const names = parseJson(text);
  const areNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return areNames ? names : undefined;
}

/** Records that the series on `tree` touches `files`, durably: what is not recorded is not restored. */
export async function writeAppliedFiles(tree: string, files: readonly string[]): Promise<void> {
  await writeFileAtomic(join(tree, RECORD), JSON.stringify(files));
}

// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addedLines } from '../host/overlay.ts';

/** How a program speaks to the system call under test. */
export interface MempinfdUapi {
  /** Of the system call on arm64. */
  number: number;
  /** 3 for the interface that was posted in 2021 (`MEM_CMD_PIN`), 4 for ours (`MEMPINFD_PIN`). */
  version: 3 | 4;
}

/** What the programs assume where nothing says otherwise; on such a kernel they find no system call. */
export const OUR_UAPI: MempinfdUapi = { number: 473, version: 4 };

/** Where a tree says its system calls' numbers: tables since 6.11, a header before. */
const NUMBER_FILES = ['scripts/syscall.tbl', 'include/uapi/asm-generic/unistd.h'];
const HEADER = 'include/uapi/linux/mempinfd.h';
const TABLE_ENTRY = /^(\d+)\s+common\s+mempinfd\s/m;
const DEFINITION = /^#define\s+__NR_mempinfd\s+(\d+)/m;

/** The interface that a tree with these patches offers, read from its headers and tables. */
export async function mempinfdUapi(
  tree: string,
  patches: readonly string[],
): Promise<MempinfdUapi> {
  const texts = await Promise.all(patches.map((patch) => readFile(patch, 'utf8')));
  const read = async (file: string) => {
    const original = await readFile(join(tree, file), 'utf8').catch(() => '');
    return [original, ...texts.map((text) => addedLines(text, file))].join('\n');
  };
  const numbers = await Promise.all(NUMBER_FILES.map(read));
  const number = numbers.map(numberIn).find((found) => found !== undefined);
  const version = /\bMEM_CMD_PIN\b/.test(await read(HEADER)) ? 3 : 4;
  return { number: number ?? OUR_UAPI.number, version };
}

function numberIn(text: string): number | undefined {
  const found = TABLE_ENTRY.exec(text) ?? DEFINITION.exec(text);
  return found ? Number(found[1]) : undefined;
}

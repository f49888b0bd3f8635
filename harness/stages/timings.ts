// SPDX-License-Identifier: MIT
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';

const Timing = z.object({ durationMs: z.number(), steps: z.number() });
const Timings = z.record(z.string(), Timing);

/** How long a stage took last time, and how many steps its build tool printed. */
export type Timing = z.infer<typeof Timing>;

/** How long `stage` took when it last made what `title` says; a damaged record counts as none. */
export async function readTiming(
  cacheRoot: string,
  stage: string,
  title: string,
): Promise<Timing | undefined> {
  return (await readTimings(cacheRoot, stage))[title];
}

/** Remembers a run of `stage` for the next estimate. */
export async function writeTiming(
  cacheRoot: string,
  stage: string,
  title: string,
  timing: Timing,
): Promise<void> {
  const known = await readTimings(cacheRoot, stage);
  await keepRecord(path(cacheRoot, stage), JSON.stringify({ ...known, [title]: timing }));
}

async function readTimings(cacheRoot: string, stage: string) {
  const text = await readFile(path(cacheRoot, stage), 'utf8').catch(() => '{}');
  return Timings.safeParse(parseJson(text)).data ?? {};
}

/** Keeps a record that only makes estimates better: where it cannot be kept, nothing else is wrong. */
export async function keepRecord(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function path(cacheRoot: string, stage: string): string {
  return join(cacheRoot, 'timings', `${stage}.json`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

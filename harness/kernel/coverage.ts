// SPDX-License-Identifier: MIT
import { basename, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { InfraError } from '../errors.ts';
import { listFiles } from '../host/hash.ts';
import { createdFiles, type Series } from '../host/overlay.ts';
import { exists } from '../host/paths.ts';
import { addFiles, type FileCoverage } from '../schema/coverage.ts';
import type { KernelSource } from './source.ts';

/** What a tree holds beside the kernel itself. */
const NOT_IN_THE_KERNEL = /^(tools|samples|scripts|Documentation)\//;
/** The file of a developer's tree, whose own files no series tells apart from the others. */
const MEMPINFD = 'mm/mempinfd.c';

/** The C files of the kernel that `series` adds to `source`, by their paths in the tree. */
export async function ownSources(source: KernelSource, series: Series): Promise<string[]> {
  const lists = series.newFiles.map(async ({ from, to }) =>
    (await listFiles(from)).map((file) => join(to, relative(from, file))),
  );
  const added = [...(await Promise.all(lists)).flat(), ...(await createdFiles(series.patches))];
  const there = source.pristine ? [] : await present(source);
  const names = new Set([...added, ...there]);
  return [...names].filter((name) => name.endsWith('.c') && !NOT_IN_THE_KERNEL.test(name)).sort();
}

async function present({ directory }: KernelSource): Promise<string[]> {
  return (await exists(resolve(directory, MEMPINFD))) ? [MEMPINFD] : [];
}

/** What make is told to count the lines of `sources`; it knows an object by its name alone. */
export function coverageSettings(sources: readonly string[]): string[] {
  return sources.map((source) => `GCOV_PROFILE_${basename(source, '.c')}.o=y`);
}

/** The file with the lines of an object, which gcov needs beside the counts of a guest. */
export function notesFile(source: string): string {
  return source.replace(/\.c$/, '.gcno');
}

const Report = z.object({
  current_working_directory: z.string(),
  files: z.array(
    z.object({
      file: z.string(),
      lines: z.array(z.object({ line_number: z.int().positive(), count: z.int().nonnegative() })),
    }),
  ),
});

/** What gcov's JSON says about `source`; the headers that it includes are left out. */
export function parseGcov(text: string, source: string): FileCoverage {
  const report = Report.safeParse(JSON.parse(text));
  if (!report.success) throw new InfraError(`gcov of ${source}: ${report.error.message}`);
  const { current_working_directory: directory, files } = report.data;
  const own = files.filter(({ file }) => resolve(directory, file).endsWith(`/${source}`));
  const lines = own.flatMap((one) =>
    one.lines.map(({ line_number, count }) => ({ line: line_number, count })),
  );
  return addFiles([{ file: source, lines }])[0] as FileCoverage;
}

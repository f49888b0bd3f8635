// SPDX-License-Identifier: MIT
import { relative } from 'node:path';
import { EXIT, PinlabError } from '../errors.ts';
import type { Results } from '../schema/results.ts';
import type { KernelChoice } from '../stages/kernelRequest.ts';
import { watchSources } from '../stages/watchSources.ts';
import { explain } from './explain.ts';
import type { Invocation } from './invocation.ts';

/** More names than this say no more than their number. */
const MAX_NAMES = 3;

/** Runs `once`, and again after each change of its sources, one at a time, until interrupted. */
export async function watchAndRun(
  { environment, interrupts, finish }: Invocation,
  choice: KernelChoice,
  once: () => Promise<Results>,
): Promise<void> {
  const { signal } = interrupts;
  // Before the first run: what is saved during a run is not lost.
  using watch = await watchSources(environment.root, choice);
  while (!signal.aborted) {
    await tell(once);
    if (signal.aborted) break;
    process.stderr.write(`\nwatching ${watch.size} directories; Ctrl-C ends\n`);
    const changed = await watch.next(signal);
    if (!signal.aborted) process.stderr.write(`changed: ${namesOf(changed)}\n`);
  }
  finish(EXIT.interrupted);
}

/** A run that fails is what somebody who edits expects now and then; a mistake of ours is not. */
async function tell(once: () => Promise<Results>) {
  try {
    await once();
  } catch (error) {
    if (!(error instanceof PinlabError)) throw error;
    process.stderr.write(`${explain(error)}\n`);
  }
}

function namesOf(files: readonly string[]): string {
  const names = files.map((file) => relative(process.cwd(), file));
  if (names.length <= MAX_NAMES) return names.join(', ');
  return `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`;
}

// SPDX-License-Identifier: MIT
import type { StageName } from '../schema/events.ts';
import { readTiming, writeTiming } from './timings.ts';
import type { Workspace } from './workspace.ts';

/** What a running stage says of itself. */
export interface StageProgress {
  /** What it is doing now; `fraction` of 0 to 1 where the tool tells. */
  say(text: string, fraction?: number): void;
  /** What must be read, however much else is said. */
  note(text: string): void;
  /** One step of a build tool that does not say how many there are. */
  step(text: string): void;
}

/** Runs one stage: announces what it makes, passes on its progress, says how it ended. */
export async function stage<T extends { hit: boolean }>(
  workspace: Workspace,
  name: StageName,
  text: string,
  work: (progress: StageProgress) => Promise<T>,
): Promise<T> {
  const { cache, emit } = workspace;
  const last = await readTiming(cache.root, name, text);
  const expectedMs = last?.durationMs;
  emit({ type: 'stageStart', stage: name, text, expectedMs });
  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  const steps = new StepCounter(last?.steps ?? 0);
  const say = (doing: string, fraction?: number) =>
    emit({ type: 'stageProgress', stage: name, text: doing, fraction });
  const note = (what: string) => emit({ type: 'stageNote', stage: name, text: what });
  try {
    const result = await work({ say, note, step: (doing) => say(doing, steps.next()) });
    if (result.hit) {
      emit({ type: 'stageCached', stage: name, text, durationMs: elapsed() });
    } else {
      const timing = { durationMs: elapsed(), steps: steps.count };
      await writeTiming(cache.root, name, text, timing);
      emit({ type: 'stageDone', stage: name, text, durationMs: elapsed() });
    }
    return result;
  } catch (error) {
    emit({ type: 'stageFailed', stage: name, text, durationMs: elapsed() });
    throw error;
  }
}

class StepCounter {
  count = 0;
  readonly #expected: number;

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** How far the next step brings us, judged by the last run; unknown once this one is longer. */
  next(): number | undefined {
    this.count += 1;
    return this.count < this.#expected ? this.count / this.#expected : undefined;
  }
}

// SPDX-License-Identifier: MIT

import type { PinlabError } from '../errors.ts';
import type { Results, Splat, TestResult } from './results.ts';

/** The stages of a run; each happens at most once, some at the same time. */
export type StageName =
  | 'host'
  | 'source'
  | 'qemu'
  | 'qtests'
  | 'qemu-stock'
  | 'kernel'
  | 'image'
  | 'guest-tests'
  | 'kselftest'
  | 'boot';

/** A stage began; `expectedMs` is how long it took last time, where that is known. */
export interface StageStart {
  type: 'stageStart';
  stage: StageName;
  /** What it makes, for people: `Linux 6.12.117, series pinlab, base`. */
  text: string;
  expectedMs?: number | undefined;
}

/** A stage advanced; `fraction` is between 0 and 1. */
export interface StageProgress {
  type: 'stageProgress';
  stage: StageName;
  text: string;
  fraction?: number | undefined;
}

/** Something about a stage that its user must get to read, however much else is said. */
export interface StageNote {
  type: 'stageNote';
  stage: StageName;
  text: string;
}

/** A stage did its work. */
export interface StageDone {
  type: 'stageDone';
  stage: StageName;
  text: string;
  durationMs: number;
}

/** A stage found its result in the cache. */
export interface StageCached {
  type: 'stageCached';
  stage: StageName;
  text: string;
  durationMs: number;
}

/** A stage stopped; the error itself travels as an exception, this only ends its progress. */
export interface StageFailed {
  type: 'stageFailed';
  stage: StageName;
  text: string;
  durationMs: number;
}

export type StageEvent =
  | StageStart
  | StageProgress
  | StageNote
  | StageDone
  | StageCached
  | StageFailed;

/** The plan: every id that the run owes a verdict. */
export interface RunStart {
  type: 'runStart';
  planned: readonly string[];
  /** The results as they would be if nothing more became known; a self-test keeps none. */
  record?: Results;
}

/** A test is about to run; `attempt` counts from 1. */
export interface TestStart {
  type: 'testStart';
  id: string;
  attempt: number;
}

/** A test has its final verdict. */
export interface TestEnd {
  type: 'testEnd';
  test: TestResult;
}

/** The kernel reported on itself. */
export interface SplatSeen {
  type: 'splat';
  splat: Splat;
}

/** The run is over; no event follows. */
export interface RunEnd {
  type: 'runEnd';
  results: Results;
  /** What ended it early, for people: lines that are safe to show. */
  explanation?: string | undefined;
}

/** The run ended before there were results, and no event follows; the error also travels as an exception. */
export interface RunFailed {
  type: 'runFailed';
  error: Pick<Error, 'message'> & Partial<Pick<PinlabError, 'output' | 'hint' | 'place'>>;
}

/** What stages tell reporters; nothing flows back. */
export type RunEvent = StageEvent | RunStart | TestStart | TestEnd | SplatSeen | RunEnd | RunFailed;

/** Where stages send their events. */
export type Emit = (event: RunEvent) => void;

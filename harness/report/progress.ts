// SPDX-License-Identifier: MIT

import type { RunStart, StageEvent, TestEnd, TestStart } from '../schema/events.ts';
import { printable } from '../schema/printable.ts';
import { duration } from './duration.ts';
import type { Output, Reporter } from './reporter.ts';

export interface ProgressOptions {
  stream: Output & { columns?: number };
  /** Redraws lines in place; otherwise prints plain lines, at most one per stage and interval. */
  live: boolean;
  /** The present, in ms; for tests. */
  now?: () => number;
}

interface RunningStage {
  title: string;
  startedAt: number;
  expectedMs: number | undefined;
  doing: string;
  fraction: number | undefined;
  saidAt: number;
}

const REDRAW_MS = 120;
const PLAIN_INTERVAL_MS = 15_000;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** ECMA-48: move up one line, erase it. */
const ERASE_ABOVE = '\x1b[1A\x1b[2K';

/**
 * Shows what is being built, how far it is and how long it took last time. Must come before other
 * reporters that write to the same terminal: each event takes the live lines away first.
 */
export class ProgressReporter implements Reporter {
  readonly #stream: ProgressOptions['stream'];
  readonly #live: boolean;
  readonly #now: () => number;
  readonly #stages = new Map<string, RunningStage>();
  #timer: NodeJS.Timeout | undefined;
  #drawn = 0;
  #frame = 0;
  #tests = { planned: 0, started: new Set<string>(), running: new Set<string>() };

  constructor({ stream, live, now = Date.now }: ProgressOptions) {
    this.#stream = stream;
    this.#live = live;
    this.#now = now;
  }

  stage(event: StageEvent) {
    switch (event.type) {
      case 'stageStart':
        return this.#start(event.stage, event.text, event.expectedMs);
      case 'stageProgress':
        return this.#progress(event.stage, event.text, event.fraction);
      case 'stageNote':
        this.#erase();
        this.#say(`${event.stage}: ${event.text}`);
        return this.#redraw();
      case 'stageCached':
        return this.#end(event.stage, `${event.stage}: ${event.text}, from the cache`);
      case 'stageDone':
        return this.#end(
          event.stage,
          `${event.stage}: ${event.text}, took ${duration(event.durationMs)}`,
        );
      case 'stageFailed':
        return this.#end(
          event.stage,
          `${event.stage}: ${event.text}, stopped after ${duration(event.durationMs)}`,
        );
    }
  }

  runStart({ planned }: RunStart) {
    this.#erase();
    this.#tests.planned = planned.length;
  }

  testStart({ id }: TestStart) {
    this.#tests.started.add(id);
    this.#tests.running.add(id);
    this.#redraw();
    this.#tick();
  }

  testEnd({ test }: TestEnd) {
    this.#tests.running.delete(test.id);
    this.#erase();
  }

  splat() {
    this.#erase();
  }

  runEnd() {
    this.close();
  }

  /** Takes the live lines away for good; also for a run that ends with an error. */
  close() {
    this.#stages.clear();
    this.#tests.running.clear();
    this.#erase();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #start(name: string, title: string, expectedMs: number | undefined) {
    const now = this.#now();
    const fresh = { doing: '', fraction: undefined, saidAt: now };
    this.#stages.set(name, { title, startedAt: now, expectedMs, ...fresh });
    const last = expectedMs === undefined ? '' : `, took ${duration(expectedMs)} last time`;
    if (!this.#live) this.#say(`${name}: ${title}${last}`);
    this.#tick();
  }

  #progress(name: string, doing: string, fraction: number | undefined) {
    const stage = this.#stages.get(name);
    if (!stage) return;
    stage.doing = doing;
    stage.fraction = fraction;
    if (this.#live || this.#now() - stage.saidAt < PLAIN_INTERVAL_MS) return;
    stage.saidAt = this.#now();
    this.#say(stageLine(name, stage, this.#now()));
  }

  #end(name: string, line: string) {
    this.#stages.delete(name);
    this.#erase();
    this.#say(line);
    this.#redraw();
    if (this.#stages.size === 0 && this.#tests.running.size === 0) this.#stopTicking();
  }

  #say(line: string) {
    this.#stream.write(`${printable(line)}\n`);
  }

  #tick() {
    if (!this.#live || this.#timer) return;
    this.#timer = setInterval(() => this.#redraw(), REDRAW_MS);
    this.#timer.unref();
    this.#redraw();
  }

  #stopTicking() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #redraw() {
    if (!this.#live) return;
    this.#erase();
    this.#frame += 1;
    const spinner = SPINNER[this.#frame % SPINNER.length] ?? '';
    const lines = this.#lines().map((line) => fit(`${spinner} ${line}`, this.#stream.columns));
    this.#drawn = lines.length;
    if (lines.length > 0) this.#stream.write(`${lines.join('\n')}\n`);
  }

  #lines(): string[] {
    const now = this.#now();
    const stages = [...this.#stages].map(([name, stage]) => stageLine(name, stage, now));
    const { running, planned, started } = this.#tests;
    if (running.size === 0) return stages;
    return [...stages, `${started.size}/${planned} ${[...running].join(', ')}`];
  }

  #erase() {
    if (this.#drawn > 0) this.#stream.write(ERASE_ABOVE.repeat(this.#drawn));
    this.#drawn = 0;
  }
}

/**
 * `kernel: Linux 6.12.117, 42 %, 1 m 12 s of about 6 m 0 s, mm/memory.o`. What takes longer than last
 * time is another thing: how long, is not known.
 */
function stageLine(name: string, stage: RunningStage, now: number): string {
  const { title, fraction, startedAt, expectedMs = 0, doing } = stage;
  const elapsed = duration(now - startedAt);
  const parts = [
    `${name}: ${title}`,
    fraction === undefined ? '' : `${Math.floor(fraction * 100)} %`,
    now - startedAt > expectedMs ? elapsed : `${elapsed} of about ${duration(expectedMs)}`,
    doing,
  ];
  return parts.filter(Boolean).join(', ');
}

/** A line that wraps could not be erased. */
function fit(line: string, columns: number | undefined): string {
  return printable(line, Math.max(10, (columns ?? 80) - 1));
}

// SPDX-License-Identifier: MIT

import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { InfraError } from '../errors.ts';
import type { RunEnd, RunFailed } from '../schema/events.ts';
import { printable } from '../schema/printable.ts';
import type { Results, Splat, TestResult } from '../schema/results.ts';
import { isFlaky } from '../schema/verdict.ts';
import { badSplats, badTests, failureRate, runProblem } from './describe.ts';
import { failureSummary, githubSummary } from './githubSummary.ts';
import type { Output, Reporter } from './reporter.ts';

export interface GithubOptions {
  /** Where workflow commands go: the stream that also shows the guest's text, to keep their order. */
  stream: Output;
  /** The file named by GITHUB_STEP_SUMMARY. */
  summaryFile?: string | undefined;
  /** For tests. */
  token?: string;
}

/** One line in the margin of a file, or of the run. */
export interface Annotation {
  level: 'error' | 'warning';
  title: string;
  message: string;
  file?: string | undefined;
  line?: number | undefined;
}

/** What GitHub shows per level and step. */
const MAX_ANNOTATIONS = 10;

/**
 * Annotates the run on GitHub Actions and writes the job's summary. Until its last event it stops
 * workflow commands, so that what a guest prints is never one. Must come after the other reporters.
 */
export class GithubReporter implements Reporter {
  readonly #options: GithubOptions;
  readonly #token: string;
  #stopped = false;

  constructor(options: GithubOptions) {
    this.#options = options;
    this.#token = options.token ?? randomBytes(16).toString('hex');
  }

  stage() {
    this.#stop();
  }

  runStart() {
    this.#stop();
  }

  async runEnd({ results }: RunEnd) {
    this.#resume();
    for (const line of commands(annotations(results))) this.#options.stream.write(`${line}\n`);
    await this.#appendSummary(githubSummary(results));
  }

  async runFailed({ error }: RunFailed) {
    this.#resume();
    for (const line of commands([errorAnnotation(error)])) this.#options.stream.write(`${line}\n`);
    await this.#appendSummary(failureSummary(error));
  }

  #stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.stream.write(`::stop-commands::${this.#token}\n`);
  }

  #resume() {
    if (this.#stopped) this.#options.stream.write(`::${this.#token}::\n`);
    this.#stopped = false;
  }

  async #appendSummary(text: string) {
    const { summaryFile } = this.#options;
    if (summaryFile === undefined) return;
    try {
      await appendFile(summaryFile, text);
    } catch (cause) {
      throw new InfraError(`cannot append to the job summary ${summaryFile}`, { cause });
    }
  }
}

/** What deserves a line in the margin, the gravest first. */
export function annotations(results: Results): Annotation[] {
  const problem = runProblem(results);
  return [
    ...badSplats(results).map(splatAnnotation),
    ...badTests(results).map(testAnnotation),
    ...(problem === undefined ? [] : [runAnnotation(problem)]),
    ...results.tests.filter(isFlaky).map(flakyAnnotation),
  ];
}

/** The workflow commands for `all`, no more per level than GitHub shows. */
export function commands(all: readonly Annotation[]): string[] {
  return (['error', 'warning'] as const).flatMap((level) => {
    const some = all.filter((one) => one.level === level);
    if (some.length <= MAX_ANNOTATIONS) return some.map(command);
    const shown = some.slice(0, MAX_ANNOTATIONS - 1);
    const more = { level, title: 'pinlab', message: `+${some.length - shown.length} more` };
    return [...shown, more].map(command);
  });
}

function splatAnnotation(splat: Splat): Annotation {
  const during = splat.test === null ? 'outside every test' : `during ${splat.test}`;
  const place = splat.frames.find(({ repository }) => repository)?.repository;
  return { level: 'error', title: splat.title, message: `${during}\n${splat.text}`, ...place };
}

function testAnnotation({ id, status, reason, source }: TestResult): Annotation {
  const title = `${id} ${status === 'lost' ? 'was lost' : 'failed'}`;
  return { level: 'error', title, message: reason ?? title, ...source };
}

function flakyAnnotation(test: TestResult): Annotation {
  return {
    level: 'warning',
    title: `${test.id} is flaky`,
    message: failureRate(test),
    ...test.source,
  };
}

function errorAnnotation({ message, output, hint, place }: RunFailed['error']): Annotation {
  const said = [output ?? message, hint].filter((text) => text !== undefined);
  return { level: 'error', title: message, message: said.join('\n'), ...place };
}

function runAnnotation(message: string): Annotation {
  return { level: 'error', title: 'pinlab', message };
}

function command({ level, title, message, file, line }: Annotation): string {
  const properties = [
    file === undefined ? '' : `file=${property(file)}`,
    file === undefined || line === undefined ? '' : `line=${line}`,
    `title=${property(title)}`,
  ];
  return `::${level} ${properties.filter(Boolean).join(',')}::${data(message)}`;
}

/** The encoding of a command's message; lines are made safe before they are joined by it. */
function data(text: string): string {
  const lines = text.split(/\r?\n/).slice(0, 50);
  return lines.map((line) => printable(line).replaceAll('%', '%25')).join('%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

// SPDX-License-Identifier: MIT
import { type Child, start } from '../../host/spawn.ts';
import { CLI } from './pinlab.ts';

/** What is run, a few seconds of tests: in the guest that boots, or in two that start from its snapshot. */
export const RUNS = {
  booted: ['run', 'rings', '--jobs', '1', '--output'],
  restored: ['run', 'rings', 'device', '--jobs', '2', '--output'],
} as const;
export type RunName = keyof typeof RUNS;
export const RUN_NAMES = Object.keys(RUNS) as readonly RunName[];

/** The phases of a run, each from a line of its output on. */
export const MOMENTS = ['build', 'boot', 'test', 'report'] as const;
export type Moment = (typeof MOMENTS)[number];

/** A run of pinlab and what it has said so far. */
export interface Run extends AsyncDisposable {
  child: Child;
  text(): string;
  /** Settles when the phase begins, or the run ends. */
  reached(moment: Moment): Promise<void>;
}

/** By what a run has said, whether it has come to a phase. */
export const BEGINS: Record<Moment, (text: string) => boolean> = {
  build: () => true,
  boot: (text) => /^running \d+ tests?$/m.test(text),
  test: (text) => verdicts(text).length > 0,
  report: (text) => verdicts(text).length >= Number(/^running (\d+) tests?$/m.exec(text)?.[1]),
};

/** The tests whose pass was shown. */
export function verdicts(text: string): string[] {
  return [...text.matchAll(/^ok +(\S+)/gm)].map(([, id]) => id as string);
}

/** Starts a run with `env` and listens to it. */
export function follow(name: RunName, env: Record<string, string>, output: string): Run {
  const child = start(process.execPath, [CLI, ...RUNS[name], output], {
    what: 'pinlab',
    env: { CI: 'true', ...env },
  });
  let text = '';
  let wake = () => undefined as unknown;
  const changed = () => new Promise<unknown>((resolve) => (wake = () => resolve(undefined)));
  let over = false;
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk;
    wake();
  });
  child.exited.then(() => {
    over = true;
    wake();
  });
  const reached = async (moment: Moment) => {
    while (!over && !BEGINS[moment](text)) await changed();
  };
  return { child, text: () => text, reached, [Symbol.asyncDispose]: child[Symbol.asyncDispose] };
}

// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheRoot } from '../cacheRoot.js';

/** What pinlab takes from the process around it; nothing else reads `process.env`. */
export interface Environment {
  /** The checkout that this program is part of. */
  root: string;
  /** This program's own version. */
  version: string;
  cacheRoot: string;
  crossCompile: string | undefined;
  /** No spinners and no prompts: `CI` is set. */
  ci: boolean;
  githubActions: boolean;
  /** The file that holds the job's summary on GitHub Actions. */
  githubStepSummary: string | undefined;
  color: boolean;
  /** The kind of the terminal. */
  term: string;
}

/** Reads the environment once, at the start. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const set = (name: string) => (env[name] ?? '') !== '';
  const root = resolve(import.meta.dirname, '../..');
  return {
    root,
    version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    cacheRoot: cacheRoot(),
    crossCompile: env.CROSS_COMPILE,
    ci: set('CI') && env.CI !== 'false',
    githubActions: env.GITHUB_ACTIONS === 'true',
    githubStepSummary: env.GITHUB_STEP_SUMMARY,
    color: set('FORCE_COLOR') || (!set('NO_COLOR') && process.stderr.isTTY === true),
    term: env.TERM ?? 'dumb',
  };
}

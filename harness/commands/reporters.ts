// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import { CoverageReporter } from '../report/coverage.ts';
import { ExplanationReporter } from '../report/explanation.ts';
import { GithubReporter } from '../report/github.ts';
import { HtmlReporter } from '../report/html.ts';
import { JsonReporter } from '../report/json.ts';
import { JunitReporter } from '../report/junit.ts';
import { KtapReporter } from '../report/ktap.ts';
import { ListReporter } from '../report/list.ts';
import { ProgressReporter } from '../report/progress.ts';
import { type Reporter, report } from '../report/reporter.ts';
import { ResultsFileReporter } from '../report/resultsFile.ts';
import type { Emit, StageEvent } from '../schema/events.ts';
import type { Environment } from './environment.ts';

/** Each reporter by the name that `--reporter` takes; files go to `output`. */
const REPORTERS: Record<string, (environment: Environment, output: string) => Reporter> = {
  list: ({ color }) => new ListReporter({ stream: process.stderr, color }),
  json: () => new JsonReporter(process.stdout),
  ktap: () => new KtapReporter(process.stdout),
  junit: (_, output) => new JunitReporter(output),
  html: (_, output) => new HtmlReporter(output),
  github: openGithub,
};

export const reporterNames = Object.keys(REPORTERS);

/** Each is a document, which nobody can read with another in it. */
const ON_STANDARD_OUTPUT = ['json', 'ktap'];

/** The reporters of one run: progress, those that were asked for, and always the files of results. */
export function openReporters(
  names: readonly string[],
  output: string,
  environment: Environment,
): Reporter[] {
  const open = (name: string) => reporterOf(name)(environment, output);
  const asked = [...new Set(names)];
  refuseMixture(asked);
  // GitHub's must hear of everything last.
  const github = asked.filter((name) => name === 'github').map(open);
  const others = asked.filter((name) => name !== 'github').map(open);
  const kept = [new ResultsFileReporter(output), new CoverageReporter(output)];
  const explanation = new ExplanationReporter(process.stderr);
  return [openProgress(environment), ...kept, ...others, explanation, ...github];
}

function reporterOf(name: string) {
  const open = Object.hasOwn(REPORTERS, name) ? REPORTERS[name] : undefined;
  if (open) return open;
  throw new UsageError(`there is no reporter ${name}`, {
    hint: `choose among ${reporterNames.join(', ')}`,
  });
}

function refuseMixture(names: readonly string[]) {
  const printed = names.filter((name) => ON_STANDARD_OUTPUT.includes(name));
  if (printed.length < 2) return;
  throw new UsageError(`${printed.join(' and ')} would be mixed on standard output`, {
    hint: 'ask for one of them; results.json is always in --output',
  });
}

/** Where the workflow did not choose, a run on GitHub Actions annotates as well. */
export function defaultReporters({ githubActions }: Environment): string {
  return githubActions ? 'list,github' : 'list';
}

function openGithub({ githubStepSummary }: Environment): Reporter {
  return new GithubReporter({ stream: process.stderr, summaryFile: githubStepSummary });
}

/** Progress alone, for commands that run no tests. */
export function progressReporter(environment: Environment): (event: StageEvent) => void {
  const progress = openProgress(environment);
  return (event) => progress.stage(event);
}

/** Progress of stages and tests, for commands whose result is not a run's; disposal ends its lines. */
export function openListener(environment: Environment): Disposable & { emit: Emit } {
  const progress = openProgress(environment);
  return {
    emit: (event) => void report([progress], event),
    [Symbol.dispose]: () => progress.close(),
  };
}

function openProgress({ ci }: Environment): ProgressReporter {
  const live = !ci && process.stderr.isTTY === true;
  return new ProgressReporter({ stream: process.stderr, live });
}

// SPDX-License-Identifier: MIT
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { EXIT } from '../../errors.ts';
import { readResults } from '../../stages/readResults.ts';
import { pinlab, temporaryDirectory } from './pinlab.ts';
import { orphans } from './processes.ts';
import {
  BEGINS,
  follow,
  MOMENTS,
  type Moment,
  RUN_NAMES,
  RUNS,
  type RunName,
  verdicts,
} from './runPhases.ts';
import { pick, randomNumbers } from './seededRandom.ts';
import { brokenFiles, throwawayCache } from './throwawayCache.ts';
import { end, VICTIMS, type Victim } from './victims.ts';

interface Ground {
  /** For XDG_CACHE_HOME. */
  home: string;
  cache: string;
  output: string;
  /** For TMPDIR. */
  temporary: string;
  /** How long each phase of each run takes undisturbed, in ms. */
  phases: Record<RunName, Phases>;
}

type Phases = Record<Moment, number>;

/** Ends the harness, its QEMU or its guest at moments that follow from `seed`; each time nothing may be left or lost. */
export async function killRounds(t: ExecutionContext, seed: number, rounds: number) {
  const random = randomNumbers(seed);
  await using directory = await temporaryDirectory();
  const ground = await prepare(directory.path);
  const hit = new Map<string, number>();
  for (let round = 1; round <= rounds; round += 1) {
    const run = pick(RUN_NAMES, random());
    const victim = pick(VICTIMS, random());
    const moment = pick(MOMENTS, random());
    const afterMs = random() * ground.phases[run][moment];
    const when = `${Math.round(afterMs)} ms into ${moment}`;
    const what = `seed ${seed}, round ${round}, ${run}: ${victim}, ${when}`;
    // Some rounds build the programs, all the image: seconds and less.
    await rm(join(ground.cache, 'image'), { recursive: true, force: true });
    if (random() < 0.05) await rm(join(ground.cache, 'guest-tests'), { recursive: true });
    const killed = await killedRun(ground, { run, victim, moment, afterMs });
    await check(t, ground, killed, what);
    const next = await pinlab([...RUNS[run], ground.output], environmentOf(ground));
    if (next.code !== EXIT.ok)
      t.fail(`${what}: the next run ended with ${next.code}\n${next.tail}`);
    const left = (await readdir(ground.temporary)).filter((name) => name.startsWith('pinlab-'));
    t.deepEqual(left, [], `${what}: temporary directories after the next run`);
    const key = `${victim} in ${killed.moment ?? 'nothing: it had ended'}, ${run}`;
    hit.set(key, (hit.get(key) ?? 0) + 1);
  }
  const tally = [...hit].sort().map(([what, count]) => `${count} × ${what}`);
  t.log(`seed ${seed}: ${tally.join(', ')}`);
}

/** First runs fill the cache and show how long each phase takes. */
async function prepare(path: string): Promise<Ground> {
  const home = join(path, 'cache');
  const cache = await throwawayCache(home);
  const output = join(path, 'results');
  const temporary = join(path, 'tmp');
  await mkdir(temporary);
  const env = environmentOf({ home, temporary });
  const warm = await pinlab([...RUNS.booted, output], env);
  if (warm.code !== EXIT.ok) throw new Error(warm.tail);
  const measure = async (run: RunName) => {
    await rm(join(cache, 'image'), { recursive: true });
    return measurePhases(run, env, output);
  };
  const phases = { booted: await measure('booted'), restored: await measure('restored') };
  return { home, cache, output, temporary, phases };
}

async function measurePhases(
  name: RunName,
  env: Record<string, string>,
  output: string,
): Promise<Phases> {
  await using run = follow(name, env, output);
  const times: Phases = { build: 0, boot: 0, test: 0, report: 0 };
  let last = performance.now();
  for (const [moment, next] of [
    ['build', 'boot'],
    ['boot', 'test'],
    ['test', 'report'],
  ] as const) {
    await run.reached(next);
    times[moment] = performance.now() - last;
    last = performance.now();
  }
  await run.child.exited;
  return { ...times, report: performance.now() - last };
}

function environmentOf({ home, temporary }: Pick<Ground, 'home' | 'temporary'>) {
  return { XDG_CACHE_HOME: home, TMPDIR: temporary };
}

interface Killed {
  code: number | undefined;
  signal: string | undefined;
  victim: Victim;
  /** In which phase the victim was; none if the run had ended. */
  moment: Moment | undefined;
  /** What the run has said. */
  text: string;
}

interface Kill {
  run: RunName;
  victim: Victim;
  moment: Moment;
  /** Since the beginning of the phase. */
  afterMs: number;
}

async function killedRun(
  ground: Ground,
  { run: name, victim, moment, afterMs }: Kill,
): Promise<Killed> {
  await using run = follow(name, environmentOf(ground), ground.output);
  await run.reached(moment);
  const ended = await Promise.race([run.child.exited, setTimeout(afterMs, undefined)]);
  if (!ended) await end(run.child.pid, victim, ground);
  const at = MOMENTS.findLast((one) => BEGINS[one](run.text()));
  const exit = await run.child.exited;
  return { ...exit, victim, moment: ended ? undefined : at, text: run.text() };
}

const ALLOWED: Record<Victim, readonly (number | undefined)[]> = {
  SIGINT: [EXIT.ok, EXIT.interrupted],
  SIGTERM: [EXIT.ok, EXIT.interrupted],
  SIGKILL: [EXIT.ok, undefined],
  // It may have been a guest that was no longer needed.
  QEMU: [EXIT.ok, EXIT.failed, EXIT.infra],
  guest: [EXIT.ok, EXIT.failed, EXIT.infra],
};

async function check(t: ExecutionContext, ground: Ground, killed: Killed, what: string) {
  const { code, signal: by, victim, text } = killed;
  const passed = verdicts(text);
  // Node installs its handlers within its first tenths of a second.
  const early = killed.moment === 'build' && by === victim;
  t.true(
    early || ALLOWED[victim].includes(code),
    `${what}: exit code ${code}, signal ${by}\n${text}`,
  );
  t.deepEqual(await orphans(ground.home), [], `${what}: orphans`);
  t.deepEqual(await brokenFiles(ground.cache, ['image', 'guest-tests']), [], what);
  if (passed.length === 0) return;
  const { tests } = await readResults(ground.output);
  const kept = tests.filter(({ status }) => status === 'pass').map(({ id }) => id);
  t.deepEqual(
    passed.filter((id) => !kept.includes(id)),
    [],
    `${what}: verdicts that were shown and are lost`,
  );
}

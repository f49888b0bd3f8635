// SPDX-License-Identifier: MIT
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { EXIT } from '../../errors.ts';
import { Ssh } from '../../guest/ssh.ts';
import { type Child, start } from '../../host/spawn.ts';
import { imageFiles } from '../../image/build.ts';
import { readResults } from '../../stages/readResults.ts';
import { CLI, pinlab, temporaryDirectory } from './pinlab.ts';
import { brokenFiles, throwawayCache } from './throwawayCache.ts';

const RUN = ['run', 'rings', '--jobs', '1', '--output'];
const VICTIMS = ['SIGINT', 'SIGTERM', 'SIGKILL', 'QEMU', 'guest'] as const;
/** From which line of a run on, and how long after it at most, in parts of what the phase takes. */
const MOMENTS = ['build', 'boot', 'test', 'report'] as const;
type Moment = (typeof MOMENTS)[number];
type Victim = (typeof VICTIMS)[number];

interface Ground {
  /** For XDG_CACHE_HOME. */
  home: string;
  cache: string;
  output: string;
  /** How long each phase takes undisturbed, in ms. */
  phases: Record<Moment, number>;
}

/** Ends the harness, its QEMU or its guest at moments that follow from `seed`; each time nothing may be left or lost. */
export async function killRounds(t: ExecutionContext, seed: number, rounds: number) {
  const random = randomNumbers(seed);
  await using directory = await temporaryDirectory();
  const ground = await prepare(directory.path);
  const hit = new Map<string, number>();
  for (let round = 1; round <= rounds; round += 1) {
    const victim = pick(VICTIMS, random());
    const moment = pick(MOMENTS, random());
    const afterMs = random() * ground.phases[moment];
    const what = `seed ${seed}, round ${round}: ${victim}, ${Math.round(afterMs)} ms into ${moment}`;
    // Some rounds build the programs, all the image: seconds and less.
    await rm(join(ground.cache, 'image'), { recursive: true, force: true });
    if (random() < 0.05) await rm(join(ground.cache, 'guest-tests'), { recursive: true });
    const killed = await killedRun(ground, victim, moment, afterMs);
    await check(t, ground, killed, what);
    const next = await pinlab([...RUN, ground.output], { XDG_CACHE_HOME: ground.home });
    if (next.code !== EXIT.ok)
      t.fail(`${what}: the next run ended with ${next.code}\n${next.tail}`);
    const key = `${victim} in ${killed.moment ?? 'nothing: it had ended'}`;
    hit.set(key, (hit.get(key) ?? 0) + 1);
  }
  const tally = [...hit].sort().map(([what, count]) => `${count} × ${what}`);
  t.log(`seed ${seed}: ${tally.join(', ')}`);
}

/** A first run fills the cache and shows how long each phase takes. */
async function prepare(path: string): Promise<Ground> {
  const home = join(path, 'cache');
  const cache = await throwawayCache(home);
  const output = join(path, 'results');
  const warm = await pinlab([...RUN, output], { XDG_CACHE_HOME: home });
  if (warm.code !== EXIT.ok) throw new Error(warm.tail);
  await rm(join(cache, 'image'), { recursive: true });
  await using run = follow(home, output);
  const times: Record<Moment, number> = { build: 0, boot: 0, test: 0, report: 0 };
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
  times.report = performance.now() - last;
  return { home, cache, output, phases: times };
}

/** A run of pinlab and what it has said so far. */
interface Run extends AsyncDisposable {
  child: Child;
  text(): string;
  /** Settles when the phase begins, or the run ends. */
  reached(moment: Moment): Promise<void>;
}

const BEGINS: Record<Moment, (text: string) => boolean> = {
  build: () => true,
  boot: (text) => /^running \d+ tests?$/m.test(text),
  test: (text) => verdicts(text).length > 0,
  report: (text) => verdicts(text).length >= Number(/^running (\d+) tests?$/m.exec(text)?.[1]),
};

function verdicts(text: string): string[] {
  return [...text.matchAll(/^ok +(\S+)/gm)].map(([, id]) => id as string);
}

function follow(home: string, output: string): Run {
  const child = start(process.execPath, [CLI, ...RUN, output], {
    what: 'pinlab',
    env: { CI: 'true', XDG_CACHE_HOME: home },
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

interface Killed {
  code: number | undefined;
  signal: string | undefined;
  victim: Victim;
  /** In which phase the victim was; none if the run had ended. */
  moment: Moment | undefined;
  /** The tests whose verdict was shown. */
  passed: string[];
}

async function killedRun(
  ground: Ground,
  victim: Victim,
  moment: Moment,
  afterMs: number,
): Promise<Killed> {
  await using run = follow(ground.home, ground.output);
  await run.reached(moment);
  const ended = await Promise.race([run.child.exited, setTimeout(afterMs, undefined)]);
  if (!ended) await end(run.child.pid, victim, ground);
  const at = MOMENTS.findLast((one) => BEGINS[one](run.text()));
  const exit = await run.child.exited;
  return { ...exit, victim, moment: ended ? undefined : at, passed: verdicts(run.text()) };
}

async function end(harness: number, victim: Victim, ground: Ground) {
  if (victim !== 'QEMU' && victim !== 'guest') return signal(harness, victim);
  for (const pid of await processesOf(ground.home)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.split('\0')[0]?.endsWith('qemu-system-aarch64')) continue;
    // Where nobody can log in yet, there is no guest to speak of.
    if (victim === 'QEMU' || !(await panic(pid, ground.cache))) signal(pid, 'SIGKILL');
  }
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Logs into the guest of a QEMU and makes its kernel panic; false where that is not possible. */
async function panic(qemu: number, cache: string): Promise<boolean> {
  const port = await listeningPort(qemu);
  const [image] = (await readdir(join(cache, 'image'))).filter((name) => /^\w+$/.test(name));
  if (port === undefined || image === undefined) return false;
  const keys = imageFiles(join(cache, 'image', image));
  const hostPublicKey = (await readFile(keys.hostPublicKey, 'utf8')).trim();
  const clientKey = await readFile(keys.clientKey, 'utf8');
  try {
    const address = { port, hostPublicKey, clientKey };
    await using ssh = await Ssh.connect(address, { timeoutMs: 3_000 });
    const ending = await ssh.exec('echo c > /proc/sysrq-trigger', {
      what: 'panic',
      timeoutMs: 3_000,
    });
    return ending.how === 'lost';
  } catch {
    return false;
  }
}

/** The TCP port of 127.0.0.1 that a process listens at (proc_pid_net(5)). */
async function listeningPort(pid: number): Promise<number | undefined> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''));
  const own = new Set(await Promise.all(links));
  const table = await readFile('/proc/net/tcp', 'utf8');
  const LISTEN = '0A';
  const found = table.split('\n').map((line) => line.trim().split(/\s+/));
  const socket = found.find(([, , , state, , , , , , inode]) => {
    return state === LISTEN && own.has(`socket:[${inode}]`);
  });
  const port = socket?.[1]?.split(':')[1];
  return port === undefined ? undefined : Number.parseInt(port, 16);
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
  const { code, signal: by, victim, passed } = killed;
  // Node installs its handlers within its first tenths of a second.
  const early = killed.moment === 'build' && by === victim;
  t.true(early || ALLOWED[victim].includes(code), `${what}: exit code ${code}, signal ${by}`);
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

const GRACE_MS = 5_000;

/** The processes that are still there once the kernel has had time to end them. */
async function orphans(home: string): Promise<string[]> {
  const deadline = performance.now() + GRACE_MS;
  let left = await processesOf(home);
  while (left.length > 0 && performance.now() < deadline) {
    await setTimeout(50);
    left = await processesOf(home);
  }
  const commands = left.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(commands)).map((command) => command.replaceAll('\0', ' '));
}

/** Everything that a run with this cache has started, however it was handed down: all inherit its environment. */
async function processesOf(home: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const mine = pids.map(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    return environment.split('\0').includes(`XDG_CACHE_HOME=${home}`);
  });
  const found = await Promise.all(mine);
  return pids.filter((_, i) => found[i]);
}

function pick<T>(from: readonly T[], random: number): T {
  return from[Math.floor(random * from.length)] as T;
}

/** Numbers from 0 to 1 that follow from `seed` (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed that the environment gives, to repeat a run, or a new one. */
export function seedOf(text: string | undefined): number {
  return text === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(text);
}

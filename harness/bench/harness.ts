// SPDX-License-Identifier: MIT
import { cp, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../commands/environment.ts';
import { run } from '../host/spawn.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import { buildDirectoryName, hiddenTools, REPRODUCIBLE } from '../kernel/build.ts';
import { workTreeRoot } from '../kernel/worktree.ts';
import { qemuArgs } from '../qemu/args.ts';
import { QEMU_ENVIRONMENT } from '../qemu/vm.ts';
import type { RunEvent } from '../schema/events.ts';
import { type Built, buildAll } from '../stages/buildAll.ts';
import { buildKernel } from '../stages/buildKernel.ts';
import { judgeKernel } from '../stages/judgeKernel.ts';
import { resolveKernel } from '../stages/kernelRequest.ts';
import { testMachine } from '../stages/machine.ts';
import { DEFAULT_POLICY } from '../stages/runPolicy.ts';
import { openWorkspace, type Workspace } from '../stages/workspace.ts';
import { type Pair, print, printAdvantage, printBeyond, say, timed } from './pairs.ts';
import { restorePairs } from './restore.ts';
import { startPairs } from './start.ts';
import { findVirtme, VIRTME_VERSION, virtmeMs } from './virtme.ts';

/**
 * What the harness costs beyond the tools that it drives, as ratios measured in one run, each pair
 * interleaved: `npm run bench:harness`. Names of parts select them: `-- boot edit`. Without names all run but `cold`, a
 * build from an empty cache that takes as long as it sounds. `virtme` needs another tool and a root file system,
 * `-- virtme=ROOT`, and says without them that it is left out. Where there is an aim it is printed; nothing fails by it.
 */
const PARTS = { boot, restore, noop, warm, edit, virtme, cold };

const CHOICE = { kernel: '6.12', series: 'ours', flavour: 'base', fragments: [] } as const;
const EVERYTHING = { suites: [] };
const ROUNDS = 5;
const FIRST_TEST = '^device:device.nop_moves_nothing$';

/** What `cold` and an edit may take beside make and ninja. */
const BUILD_AIM = 'at most 1.15';

const environment = readEnvironment();
const chosen = chosenParts(process.argv.slice(2));
say(
  `Parts: ${Object.keys(PARTS).join(', ')}. cold, which builds everything anew, runs by name only.`,
);
await using directory = await temporaryDirectory('bench');
const scratch = directory.path;
const built = await buildAll(workspace(), CHOICE, EVERYTHING);
for (const part of chosen) await part(built);

/** The named parts; what follows a `=` is the part's own. */
function chosenParts(words: readonly string[]): ((built: Built) => Promise<void>)[] {
  if (words.length === 0) return [boot, restore, noop, warm, edit, virtme];
  return words.map((word) => {
    const [name = '', value] = word.split('=', 2);
    if (name in PARTS) return (given) => PARTS[name as keyof typeof PARTS](given, value);
    throw new Error(`there is no part ${name}; choose among ${Object.keys(PARTS).join(', ')}`);
  });
}

function workspace(given: Partial<Workspace> & { cacheRoot?: string } = {}): Workspace {
  const opened = openWorkspace({
    root: environment.root,
    cacheRoot: given.cacheRoot ?? environment.cacheRoot,
    crossCompile: environment.crossCompile,
    emit: () => undefined,
    signal: new AbortController().signal,
  });
  return { ...opened, ...given };
}

/** From power-on to the first verdict, beside QEMU alone with the same kernel until its init runs. */
async function boot(built: Built) {
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    pairs.push({ ours: await firstVerdictMs(), floor: await qemuAloneMs(built) });
  }
  print('boot to first verdict / QEMU alone to init', pairs, 'at most 1.5 s');
}

/** From the end of the builds to the verdict of one test; `root` is the checkout that is judged. */
async function firstVerdictMs(root = environment.root): Promise<number> {
  let startedAt = 0;
  let endedAt = 0;
  const emit = (event: RunEvent) => {
    if (event.type === 'runStart') startedAt = performance.now();
    if (event.type === 'testEnd') endedAt = performance.now();
  };
  const { version } = environment;
  const { results } = await judgeKernel({
    ...{ workspace: workspace({ emit, root }), version, command: ['bench'], choice: CHOICE, emit },
    ...{
      policy: DEFAULT_POLICY,
      selection: { suites: [], grep: FIRST_TEST },
      machine: { cpus: 2, memoryMiB: 1024 },
    },
    ...{ output: scratch, testTimeoutMs: 60_000, bootTimeoutMs: 60_000 },
  });
  if (results.summary.exitCode !== 0)
    throw new Error(`the run ended with ${JSON.stringify(results.summary)}`);
  return endedAt - startedAt;
}

/** A guest from a snapshot until a command can run, beside QEMU until it has loaded the same state. */
async function restore(built: Built) {
  const pairs = await restorePairs(built, scratch, ROUNDS);
  print('restored guest with SSH / QEMU alone with the state loaded', pairs, 'at most 0.3 s');
}

/** One test with nothing to build, as typed, beside its guest: node, the checks of the cache, the reports. */
async function noop() {
  const cli = join(environment.root, 'harness/cli.js');
  const args = [cli, 'run', '--grep', FIRST_TEST, '--output', join(scratch, 'noop')];
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const floor = await firstVerdictMs();
    const what = 'pinlab run';
    const ours = await timed(() => run(process.execPath, args, { what, env: { CI: 'true' } }));
    pairs.push({ ours, floor });
  }
  print('pinlab run of one test / its guest from power-on to verdict', pairs);
  printBeyond('the guest', pairs, 'at most 0.5 s');
}

/** From power-on to the first verdict, beside the other tool that boots a kernel in QEMU, until a command in its guest prints. */
async function virtme(_: Built, root?: string) {
  const found = await findVirtme(root);
  if (!found) {
    say('boot beside virtme-ng: left out, for want of vng or of virtme=ROOT (see docs/testing.md)');
    return;
  }
  const fragments = [join(environment.root, 'harness/bench/virtme.config')];
  const theirs = await buildAll(workspace(), { ...CHOICE, fragments }, EVERYTHING);
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    pairs.push({ ours: await firstVerdictMs(), floor: await virtmeMs(found, theirs) });
  print(`boot to first verdict / ${found.version} to a command's output`, pairs);
  printAdvantage(found.version, pairs, 'at least 8');
  if (!found.version.endsWith(VIRTME_VERSION)) say(`  the aim was set for ${VIRTME_VERSION}`);
}

/** An init that ends at once panics the kernel, and that ends QEMU. */
async function qemuAloneMs({ qemu, kernel, image }: Built): Promise<number> {
  const machine = testMachine({ kernel: kernel.image, initrd: image.initramfs });
  const append = [...machine.append, 'rdinit=/bin/true'];
  const sockets = { qmp: '/dev/null', console: '/dev/null', ready: '/dev/null' };
  const args = qemuArgs({ ...machine, append }, sockets).map((word) =>
    word.startsWith('socket,id=') ? `null,${word.split(',')[1]}` : word,
  );
  return timed(() => run(qemu.binary, args, { what: 'boot QEMU alone', env: QEMU_ENVIRONMENT }));
}

/** `npm start` with nothing to build, beside the tests' own time. */
async function warm() {
  const pairs = await startPairs(environment.root, join(scratch, 'warm'), 3);
  print('npm start, one guest at a time / its tests alone', pairs);
  printBeyond('the tests', pairs, 'at most 3 s');
}

/** One line of mm/mempinfd.c changes: what pinlab takes to a kernel, beside make in the same tree. */
async function edit({ kernel }: Built) {
  const root = join(scratch, 'checkout');
  const parts = ['qemu', 'kernel', 'images', 'guest-tests', 'harness', 'docs'];
  for (const part of parts)
    await cp(join(environment.root, part), join(root, part), { recursive: true });
  const source = join(root, 'kernel/mempinfd/mm/mempinfd.c');
  const text = await readFile(source, 'utf8');
  const tree = join(workTreeRoot(environment.cacheRoot, kernel.source), 'mempinfd');
  const ours = workspace({ root });
  const request = await resolveKernel(ours, CHOICE);
  const pairs: Pair[] = [];
  for (let round = 0; round < 3; round += 1) {
    await writeFile(source, `${text}\nint mempinfd_bench_${Date.now()};\n`);
    const pinlab = await timed(() => buildKernel(ours, request));
    await writeFile(join(tree, 'mm/mempinfd.c'), `${text}\nint mempinfd_bench_${Date.now()};\n`);
    pairs.push({
      ours: pinlab,
      floor: await timed(() => bareMake(tree, join(tree, buildDirectoryName('base')))),
    });
  }
  print('edit of mm/mempinfd.c to a kernel / bare make', pairs, BUILD_AIM);
  await editToVerdict({ root, source, tree, text });
}

/** The same to the verdict of a test, beside make and the guest alone. */
async function editToVerdict(given: { root: string; source: string; tree: string; text: string }) {
  const { root, source, tree, text } = given;
  const pairs: Pair[] = [];
  for (let round = 0; round < 3; round += 1) {
    await writeFile(source, `${text}\nint mempinfd_bench_${Date.now()};\n`);
    let guest = 0;
    const ours = await timed(async () => {
      guest = await firstVerdictMs(root);
    });
    await writeFile(join(tree, 'mm/mempinfd.c'), `${text}\nint mempinfd_bench_${Date.now()};\n`);
    const make = await timed(() => bareMake(tree, join(tree, buildDirectoryName('base'))));
    pairs.push({ ours, floor: make + guest });
  }
  print('edit of mm/mempinfd.c to a verdict / bare make + guest', pairs, BUILD_AIM);
}

function bareMake(tree: string, output: string) {
  const cross = workspace().crossCompile;
  const args = ['-C', tree, `O=${output}`, 'ARCH=arm64', `CROSS_COMPILE=${cross}`];
  const targets = [...hiddenTools(''), 'Image', 'modules', `-j${availableParallelism()}`];
  // The same settings as pinlab's, or make would configure and link again.
  return run('make', [...args, ...targets], { what: 'make', env: REPRODUCIBLE });
}

/** Everything from an empty cache that has only the sources, beside make and ninja one after the other. */
async function cold({ kernel }: Built) {
  const cacheRoot = join(scratch, 'cache');
  for (const kind of ['kernel-source', 'qemu-source', 'guest-packages']) {
    await run('cp', ['--archive', join(environment.cacheRoot, kind), join(scratch, kind)], {
      what: `copy ${kind}`,
    });
  }
  await run('mkdir', [cacheRoot], { what: 'make the cache' });
  for (const kind of ['kernel-source', 'qemu-source', 'guest-packages']) {
    await run('mv', [join(scratch, kind), join(cacheRoot, kind)], { what: `move ${kind}` });
  }
  const fresh = workspace({ cacheRoot });
  const ours = await timed(() => buildAll(fresh, CHOICE, EVERYTHING));
  const tree = join(workTreeRoot(cacheRoot, kernel.source), 'mempinfd');
  const output = join(tree, buildDirectoryName('base'));
  await run('make', ['-C', tree, `O=${output}`, 'ARCH=arm64', 'clean'], { what: 'make clean' });
  const make = await timed(() => bareMake(tree, output));
  const work = await run('sh', ['-c', `echo ${join(cacheRoot, 'qemu-work')}/*/build`], {
    what: 'find the QEMU build',
  });
  const qemuBuild = work.stdout.trim();
  await run('ninja', ['-C', qemuBuild, '-t', 'clean'], { what: 'ninja clean' });
  const ninja = await timed(() =>
    run('ninja', ['-C', qemuBuild, 'qemu-system-aarch64'], { what: 'ninja' }),
  );
  print('cold build of everything / make + ninja', [{ ours, floor: make + ninja }], BUILD_AIM);
}

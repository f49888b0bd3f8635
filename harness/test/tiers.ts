// SPDX-License-Identifier: MIT
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryRun } from '../host/spawn.ts';
import { KtapParser } from '../ktap/parse.ts';
import { statusOf } from '../ktap/status.ts';

/**
 * Runs tiers of tests one after the other and prints their totals: `node harness/test/tiers.ts
 * unit e2e`. Exits with 1 if a test failed or a tier broke off.
 */
interface Tier {
  /** Builds that the tier's tests share, as arguments of pinlab: once, and with progress. */
  builds: readonly (readonly string[])[];
  config: string;
}

const TIERS: Record<string, Tier> = {
  unit: { builds: [], config: 'ava.config.js' },
  e2e: {
    builds: [
      ['build'],
      ['build', 'kernel', '--flavour', 'debug'],
      ['build', 'kernel', '--kernel', '7.3'],
    ],
    config: 'ava.e2e.config.js',
  },
  full: {
    builds: [
      ['build', 'kernel', '--no-series'],
      ['build', 'kernel', '--without-mm-patches'],
      ['build', 'kernel', '--coverage'],
      ['build', 'kernel', '--flavour', 'kcsan'],
      ['build', 'kernel', '--config', 'kernel/configs/gdb.config'],
      ['build', 'kernel', '--kernel', '7.3', '--flavour', 'debug'],
      ['build', 'kernel', '--flavour', 'bench'],
      ['build', 'kernel', '--flavour', 'bench', '--no-series'],
    ],
    config: 'ava.full.config.js',
  },
};

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'harness/cli.js');
/** What AVA says goes there too, so that a CI system keeps it with the results of runs. */
const RECORDS = join(ROOT, 'results/tests');
const AVA = join(ROOT, 'node_modules/ava/entrypoints/cli.js');

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
/** Of each failed test its tier and title, and what AVA says of it. */
const failures: string[][] = [];
/** As much of it as is repeated where a log of thousands of lines is looked at first: at its end. */
const REPEATED_LINES = 40;
let broken = false;
for (const name of process.argv.slice(2)) await runTier(name);
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
for (const failure of failures) show(failure.slice(0, REPEATED_LINES).join('\n'));
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
process.exitCode = broken || totals.failed > 0 || totals.passed === 0 ? 1 : 0;

async function runTier(name: string) {
  const tier = TIERS[name];
  if (!tier) throw new Error(`there is no tier ${name}; choose among ${Object.keys(TIERS)}`);
  for (const build of tier.builds) {
    if (!(await runNode(`pinlab ${build.join(' ')}`, [CLI, ...build], show))) return;
  }
  const parser = new KtapParser();
  let failure: string[] | undefined;
  const record = join(RECORDS, `${name}.tap`);
  mkdirSync(RECORDS, { recursive: true });
  writeFileSync(record, '');
  const ended = await runNode(`${name} tests`, [AVA, '--tap', '--config', tier.config], (line) => {
    parser.push(line);
    appendFileSync(record, `${line}\n`);
    show(line);
    const [, passed, title] = /^(ok|not ok) \d+ - (.*)/.exec(line) ?? [];
    if (title === undefined) return failure?.push(line);
    failure = passed === 'ok' ? undefined : [`\nfailed: ${name}: ${title}`];
    if (failure) failures.push(failure);
  });
  const document = parser.end();
  for (const result of document.results) count(statusOf(result).status);
  // A stream that broke off proves nothing about the tests it did not mention.
  if (document.errors.length > 0) fail(`${name} tests: ${document.errors.join('; ')}`);
  if (!ended && totals.failed === 0) fail(`${name} tests: ava failed outside a test`);
}

async function runNode(what: string, args: readonly string[], onLine: (line: string) => void) {
  const { code } = await tryRun(process.execPath, args, { what, cwd: ROOT, onLine });
  if (code !== 0) fail(`${what} exited with ${code}`);
  return code === 0;
}

function count(status: 'pass' | 'fail' | 'skip') {
  if (status === 'pass') totals.passed += 1;
  if (status === 'fail') totals.failed += 1;
  if (status === 'skip') totals.skipped += 1;
}

function fail(why: string) {
  process.stdout.write(`${why}\n`);
  broken = true;
}

function show(line: string) {
  process.stdout.write(`${line}\n`);
}

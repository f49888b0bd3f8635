// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { copyConsole } from '../../stages/consoleExcerpt.ts';

const BOOT = '[    0.000000] Booting Linux on physical CPU 0x0000000000\r';
const marker = (what: string, id: string) => `[    2.000000] pinlab 0123abcd ${what} ${id}\r`;

/** The console of a guest that ran two tests, and of one that died in its first. */
const CONSOLE = [
  ...[BOOT, 'first guest', marker('begin', 'pin:one'), 'in one', marker('end', 'pin:one')],
  ...['between', marker('begin', 'pin:two'), 'in two', marker('end', 'pin:two'), 'after two'],
  ...[BOOT, 'second guest', marker('begin', 'pin:three'), 'dies', ''],
].join('\n');

async function excerpt(id: string, text = CONSOLE): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-excerpt-'));
  await writeFile(join(directory, 'console.log'), text);
  await copyConsole(join(directory, 'console.log'), id, join(directory, 'excerpt'));
  const found = await readFile(join(directory, 'excerpt'), 'utf8');
  await rm(directory, { recursive: true });
  return found;
}

test('a test has its guest’s console from the boot to its own end', async (t) => {
  const found = await excerpt('pin:two');
  t.true(found.startsWith(BOOT));
  t.regex(found, /first guest/);
  t.true(found.endsWith(`in two\n${marker('end', 'pin:two')}\n`));
});

test('a test in which the guest died has all that its guest still said', async (t) => {
  t.is(
    await excerpt('pin:three'),
    `${BOOT}\nsecond guest\n${marker('begin', 'pin:three')}\ndies\n`,
  );
});

test('of a test that ran twice the last time counts; of one that never ran there is nothing', async (t) => {
  const again = `${CONSOLE}${BOOT}\nthird guest\n${marker('begin', 'pin:one')}\nagain`;
  t.regex(await excerpt('pin:one', again), /^.*\r\nthird guest\n.*\r\nagain$/);
  t.is(await excerpt('pin:none'), '');
});

test('of gigabytes the beginning and the end are kept', async (t) => {
  const flood = 'the same again and again\n'.repeat(400_000);
  const text = `${BOOT}\n${marker('begin', 'pin:one')}\n${flood}last words\n${marker('end', 'pin:one')}\n`;
  const found = await excerpt('pin:one', text);
  t.true(found.startsWith(BOOT));
  t.regex(found.slice(-100), /last words/);
  t.true(found.length <= 4 * 2 ** 20);
});

test('a line without an end is read once', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-excerpt-'));
  const log = join(directory, 'console.log');
  await writeFile(log, CONSOLE);
  await truncate(log, 128 * 2 ** 20);
  const { user } = process.cpuUsage();
  await copyConsole(log, 'pin:one', join(directory, 'excerpt'));
  t.true(process.cpuUsage().user - user < 8_000_000, 'µs of this process');
  t.true((await stat(join(directory, 'excerpt'))).size > 0);
  await rm(directory, { recursive: true });
});

test('of a guest without a console there is nothing', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-excerpt-'));
  await copyConsole(join(directory, 'console-3.log'), 'pin:one', join(directory, 'excerpt'));
  t.is((await stat(join(directory, 'excerpt'))).size, 0);
  await rm(directory, { recursive: true });
});

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import test from 'ava';
import { GuestConsole } from '../../stages/guestConsole.ts';
import { SplatWatch } from '../../stages/splatWatch.ts';

test('a console of gigabytes is read in bounded memory, and a report at its end is found', async (t) => {
  const watch = new SplatWatch('0123456789abcdef');
  const gigabytes = 2;
  const line = `[    1.000000] ${'the same again and again '.repeat(200)}\n`;
  const chunk = Buffer.from(line.repeat(13));
  const splat = Buffer.from('[    2.000000] BUG: workqueue lockup - pool cpus=0\n');
  const count = Math.ceil((gigabytes * 2 ** 30) / chunk.length);
  const stream = Readable.from(repeat(chunk, count, splat), { objectMode: false });
  const before = process.resourceUsage().maxRSS;
  const console = new GuestConsole(stream, createWriteStream('/dev/null'));
  using _ = console.follow((text) => watch.push(text));
  await console.closed;
  t.true(process.resourceUsage().maxRSS - before < 256 * 1024);
  t.deepEqual(
    (await watch.take(1_000)).map(({ kind }) => kind),
    ['workqueue-lockup'],
  );
});

test('a guest that prints faster than the disk writes waits, and nothing is lost', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-console-'));
  const file = createWriteStream(join(directory, 'console.log'), { highWaterMark: 16 });
  const guest = new PassThrough({ highWaterMark: 16 });
  const console = new GuestConsole(guest, file);
  const text = 'more than the file takes at once\n';
  guest.write(text);
  t.true(await becomes(() => guest.isPaused()));
  guest.end(text);
  await console.closed;
  await finished(file.end());
  t.is(await readFile(join(directory, 'console.log'), 'utf8'), text + text);
  await rm(directory, { recursive: true });
});

test('the end of a console is safe to show, and the file has what was printed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-console-'));
  const file = createWriteStream(join(directory, 'console.log'));
  const said = 'Oops\n\x1b[2J\x1b]0;owned\x07end\n';
  const console = new GuestConsole(Readable.from([Buffer.from(said)]), file);
  await console.closed;
  await finished(file.end());
  t.is(console.tail(), 'Oops\nend');
  t.is(await readFile(join(directory, 'console.log'), 'utf8'), said);
  await rm(directory, { recursive: true });
});

async function becomes(condition: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 100 && !condition(); turn += 1) await new Promise(setImmediate);
  return condition();
}

function* repeat(chunk: Buffer, count: number, last: Buffer) {
  for (let i = 0; i < count; i += 1) yield chunk;
  yield last;
}

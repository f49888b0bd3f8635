// SPDX-License-Identifier: MIT
import test from 'ava';
import { InfraError, InterruptedError } from '../../errors.ts';
import { commandLine, run, start, tryRun } from '../../host/spawn.ts';

test('returns both streams, and the lines as they came', async (t) => {
  const lines: string[] = [];
  const finished = await tryRun('sh', ['-c', 'echo a; echo b >&2; exit 3'], {
    what: 'try',
    onLine: (line) => lines.push(line),
  });
  t.like(finished, { code: 3, stdout: 'a', stderr: 'b' });
  t.deepEqual(lines.sort(), ['a', 'b']);
});

test('a failure says what ran, how it ended and what it printed', async (t) => {
  const error = await t.throwsAsync(run('sh', ['-c', 'echo why; exit 4'], { what: 'build it' }), {
    instanceOf: InfraError,
  });
  t.is(error?.message, 'build it: sh exited with 4');
  t.is(error?.output, 'why');
  t.is(error?.command, `sh -c 'echo why; exit 4'`);
});

test('a missing command is named', async (t) => {
  const error = await t.throwsAsync(run('no-such-tool', [], { what: 'try' }));
  t.is(error?.message, 'try: no-such-tool is not installed');
});

test('a tool that meets a full disk is understood', async (t) => {
  const error = await t.throwsAsync(
    run('sh', ['-c', 'cat /proc/version > /dev/full'], { what: 'write' }),
    {
      instanceOf: InfraError,
    },
  );
  t.regex(error?.hint ?? '', /the disk is full/);
});

test('a deadline ends the command and everything it started', async (t) => {
  const work = run('sh', ['-c', 'sleep 100 & sleep 100'], { what: 'wait', timeoutMs: 100 });
  const error = await t.throwsAsync(work, { instanceOf: InfraError });
  t.is(error?.message, 'wait: no end after 100 ms');
});

test('an abort ends the command and everything it started', async (t) => {
  const controller = new AbortController();
  const work = run('sh', ['-c', 'sleep 100 & echo up; wait'], {
    what: 'wait',
    signal: controller.signal,
    onLine: () => controller.abort(),
  });
  await t.throwsAsync(work, { instanceOf: InterruptedError });
});

test('a long-lived command ends with its scope', async (t) => {
  let exited: Promise<unknown>;
  {
    await using child = start('sleep', ['100'], { what: 'sleep' });
    exited = child.exited;
  }
  t.like(await exited, { signal: 'SIGKILL' });
});

test('a command line can be pasted into a shell', (t) => {
  t.is(commandLine('make', ['-C', '/a b', `x='y'`]), `make -C '/a b' 'x='\\''y'\\'''`);
});

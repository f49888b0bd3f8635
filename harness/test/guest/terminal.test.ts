// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { Ssh } from '../../guest/ssh.ts';
import { runAttached, type Streams } from '../../guest/terminal.ts';
import { serve } from './server.ts';

test('a command has the user’s streams, byte for byte, and its exit code', async (t) => {
  await using server = await serve((channel, command) => {
    channel.stderr.write(`run ${command}\n`);
    channel.on('data', (chunk: Buffer) => channel.write(chunk));
    channel.on('end', () => {
      channel.exit(7);
      channel.close();
    });
  });
  await using ssh = await Ssh.connect(server.address, { timeoutMs: 10_000 });
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  streams.stdin.end('no newline at the end, \0 and \x1b');
  const ending = await runAttached(ssh, 'cat; exit 7', streams as unknown as Streams);
  t.deepEqual(ending, { how: 'exited', code: 7 });
  streams.stdout.end();
  streams.stderr.end();
  t.is(await text(streams.stdout), 'no newline at the end, \0 and \x1b');
  t.is(await text(streams.stderr), 'run cat; exit 7\n');
});

test('a session whose server goes away is lost', async (t) => {
  await using server = await serve((_channel, _command, connection) => connection.end());
  await using ssh = await Ssh.connect(server.address, { timeoutMs: 10_000 });
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  const ending = await runAttached(ssh, 'sleep 1', streams as unknown as Streams);
  t.is(ending.how, 'lost');
});

// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import test from 'ava';
import { extract, type ReadEntry } from 'tar';
import { InfraError, InterruptedError } from '../../errors.ts';
import { Ssh } from '../../guest/ssh.ts';
import { makeKeys } from '../../image/keys.ts';
import { type Behaviour, serve } from './server.ts';

const OPTIONS = { what: 'try it', timeoutMs: 10_000 };

/** Never ends by itself. */
const hang: Behaviour = () => undefined;

/** Of a guest that hangs. */
const never = new Promise<void>(() => undefined);

async function connected(behaviour: Behaviour, answers?: Promise<void>) {
  await using scope = new AsyncDisposableStack();
  const server = scope.use(await serve(behaviour, answers));
  const ssh = scope.use(await Ssh.connect(server.address, { timeoutMs: 10_000 }));
  const owned = scope.move();
  return { ssh, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'pinlab-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('a guest that is gone in the middle of the handshake is an error at once', async (t) => {
  const server = createServer((socket) => {
    socket.write('SSH-2.0-dropbear_2022.83\r\n');
    socket.once('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { hostPublicKey, clientKey } = makeKeys();
  await t.throwsAsync(Ssh.connect({ port, hostPublicKey, clientKey }, { timeoutMs: 10_000 }), {
    instanceOf: InfraError,
    message: /closed the connection during the handshake|reset/,
  });
  server.close();
});

test('a command ends with its exit code, even one that arrives with the channel', async (t) => {
  await using guest = await connected((channel, command) => {
    channel.exit(Number(command.at(-1)));
    channel.close();
  });
  for (const code of [0, 1, 3]) {
    t.deepEqual(await guest.ssh.exec(`exit ${code}`, OPTIONS), { how: 'exited', code });
  }
});

test('a command that a signal killed did not exit', async (t) => {
  await using guest = await connected((channel) => {
    channel.exit('SIGSEGV', true);
    channel.end();
  });
  t.deepEqual(await guest.ssh.exec('crash', OPTIONS), { how: 'killed', signal: 'SIGSEGV' });
});

test('both streams arrive as lines, to the last', async (t) => {
  await using guest = await connected((channel) => {
    channel.write('one\ntw');
    channel.stderr.write('oops\n');
    channel.write('o\nthree');
    channel.exit(0);
    channel.end();
  });
  const lines: [string, string][] = [];
  const onLine = (line: string, stream: string) => lines.push([stream, line]);
  await guest.ssh.exec('print', { ...OPTIONS, onLine });
  t.deepEqual(
    lines.filter(([stream]) => stream === 'stderr'),
    [['stderr', 'oops']],
  );
  t.deepEqual(
    lines.filter(([stream]) => stream === 'stdout').map(([, line]) => line),
    ['one', 'two', 'three'],
  );
});

test('a command gets no input, but its channel stays open for signals', async (t) => {
  const commands: string[] = [];
  await using guest = await connected((channel, command) => {
    commands.push(command);
    channel.exit(0);
    channel.end();
  });
  await guest.ssh.exec('cat', OPTIONS);
  t.deepEqual(commands, ['exec < /dev/null; cat']);
});

test('a connection that breaks is a loss, whether or not an exit code came before', async (t) => {
  for (const exits of [false, true]) {
    await using guest = await connected((channel, _command, connection) => {
      if (exits) channel.exit(0);
      channel.write('half a line', () => connection.end());
    });
    const ending = await guest.ssh.exec('panic', OPTIONS);
    t.is(ending.how, 'lost');
    t.deepEqual(await guest.ssh.exec('true', OPTIONS), ending);
  }
});

test('a channel that closes without an exit code is a loss', async (t) => {
  await using guest = await connected((channel) => channel.end());
  t.deepEqual(await guest.ssh.exec('true', OPTIONS), {
    how: 'lost',
    reason: 'the guest reported no exit status',
  });
});

test('a command that takes too long is killed, and the connection lives on', async (t) => {
  const { promise: signal, resolve: receive } = Promise.withResolvers<string>();
  await using guest = await connected((channel, command, _connection, signalled) => {
    void signalled.then(receive);
    if (command.endsWith('true')) {
      channel.exit(0);
      channel.end();
    }
  });
  t.deepEqual(await guest.ssh.exec('sleep', { ...OPTIONS, timeoutMs: 5 }), {
    how: 'timedOut',
    afterMs: 5,
  });
  t.is(await signal, 'KILL');
  t.deepEqual(await guest.ssh.exec('true', OPTIONS), { how: 'exited', code: 0 });
});

test('a guest that answers no request costs what it was given, and no more', async (t) => {
  t.timeout(10_000);
  await using here = await temporaryDirectory();
  await using guest = await connected(hang, never);
  const options = { ...OPTIONS, timeoutMs: 20 };
  t.deepEqual(await guest.ssh.exec('true', options), { how: 'timedOut', afterMs: 20 });
  const expected = { instanceOf: InfraError, message: /^try it: .* did not end within 20 ms$/ };
  await t.throwsAsync(guest.ssh.output('true', options), expected);
  await t.throwsAsync(guest.ssh.upload(here.path, '/tmp/x', options), expected);
});

test('an interrupt ends the wait for an answer', async (t) => {
  t.timeout(10_000);
  await using guest = await connected(hang, never);
  const options = { what: 'try it', timeoutMs: 600_000, signal: AbortSignal.timeout(20) };
  await t.throwsAsync(guest.ssh.exec('true', options), {
    instanceOf: InterruptedError,
    message: 'interrupted: try it',
  });
});

test('a command that begins when its time is up is killed', async (t) => {
  t.timeout(10_000);
  const { promise: answers, resolve: answer } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<string>();
  await using guest = await connected((_channel, _command, _connection, signalled) => {
    void signalled.then(begin);
  }, answers);
  const ending = await guest.ssh.exec('sleep', { ...OPTIONS, timeoutMs: 20 });
  t.is(ending.how, 'timedOut');
  answer();
  t.is(await begun, 'KILL');
});

test('a command whose output somebody holds open did not end, whatever its exit code', async (t) => {
  await using guest = await connected((channel) => channel.exit(0));
  const ending = await guest.ssh.exec('daemon &', { ...OPTIONS, timeoutMs: 50 });
  t.deepEqual(ending, { how: 'timedOut', afterMs: 50 });
});

test('an interrupt ends the wait for a command', async (t) => {
  const abort = new AbortController();
  await using guest = await connected((channel) => channel.write('started\n'));
  const options = { what: 'try it', timeoutMs: 600_000, signal: abort.signal };
  const running = guest.ssh.exec('sleep', { ...options, onLine: () => abort.abort() });
  await t.throwsAsync(running, {
    instanceOf: InterruptedError,
    message: 'interrupted: try it',
  });
});

test('a server with another host key is refused', async (t) => {
  await using server = await serve(hang);
  const { hostPublicKey } = makeKeys();
  const connecting = Ssh.connect({ ...server.address, hostPublicKey }, { timeoutMs: 10_000 });
  await t.throwsAsync(connecting, { instanceOf: InfraError, message: /verification failed/ });
});

test('a client key that the server does not know is an error', async (t) => {
  await using server = await serve(hang);
  const { clientKey } = makeKeys();
  const connecting = Ssh.connect({ ...server.address, clientKey }, { timeoutMs: 10_000 });
  await t.throwsAsync(connecting, { instanceOf: InfraError, message: /authentication/ });
});

test('a port on which nobody listens is an error', async (t) => {
  await using server = await serve(hang);
  // tcpmux (RFC 1078): a port that was just closed could be another test's by now.
  const address = { ...server.address, port: 1 };
  await t.throwsAsync(Ssh.connect(address, { timeoutMs: 10_000 }), {
    instanceOf: InfraError,
    message: /^connect to the guest by SSH: .*ECONNREFUSED/,
  });
});

test('output is what the command prints, and an error quotes both streams', async (t) => {
  await using guest = await connected((channel, command) => {
    channel.stderr.write('no such file\n');
    channel.write('content\n');
    channel.exit(command.endsWith('bad') ? 1 : 0);
    channel.end();
  });
  t.is(await guest.ssh.output('cat good', OPTIONS), 'content');
  const error = await t.throwsAsync(guest.ssh.output('cat bad', OPTIONS), {
    instanceOf: InfraError,
    message: 'try it: the command in the guest exited with 1',
  });
  t.is(error.command, 'cat bad');
  t.regex(error.output ?? '', /no such file/);
});

test('an upload unpacks in the guest as it is here', async (t) => {
  await using here = await temporaryDirectory();
  await using there = await temporaryDirectory();
  await mkdir(join(here.path, 'sub'));
  await writeFile(join(here.path, 'sub/program'), 'x'.repeat(300_000), { mode: 0o755 });
  const commands: string[] = [];
  const owners: (number | undefined)[] = [];
  await using guest = await connected(async (channel, command) => {
    commands.push(command);
    const onReadEntry = (entry: ReadEntry) => owners.push(entry.uid);
    await pipeline(channel.stdin, extract({ cwd: there.path, onReadEntry }));
    channel.exit(0);
    channel.end();
  });
  await guest.ssh.upload(here.path, "/tmp/it's here", OPTIONS);
  // Whoever runs pinlab, in the guest the files are root's.
  t.deepEqual(owners, [undefined, undefined, undefined]);
  t.is((await readFile(join(there.path, 'sub/program'), 'utf8')).length, 300_000);
  t.is((await stat(join(there.path, 'sub/program'))).mode & 0o777, 0o755);
  t.deepEqual(commands, [
    `mkdir -p '/tmp/it'\\''s here' && exec tar -x -f - -C '/tmp/it'\\''s here'`,
  ]);
});

test('an upload that the guest refuses is an error that quotes it', async (t) => {
  await using here = await temporaryDirectory();
  await writeFile(join(here.path, 'file'), 'x'.repeat(10_000_000));
  await using guest = await connected((channel) => {
    channel.stderr.write('tar: write error: No space left on device\n');
    channel.exit(1);
    channel.close();
  });
  const error = await t.throwsAsync(guest.ssh.upload(here.path, '/tmp/x', OPTIONS), {
    instanceOf: InfraError,
    message: 'try it: the command in the guest exited with 1',
  });
  t.is(error.output, 'tar: write error: No space left on device');
});

test('an upload of a directory that cannot be read is an error', async (t) => {
  await using guest = await connected(async (channel) => {
    await text(channel.stdin);
    channel.exit(0);
    channel.end();
  });
  await t.throwsAsync(guest.ssh.upload('/nonexistent', '/tmp/x', OPTIONS), {
    instanceOf: InfraError,
    message: /^try it: .*ENOENT/,
  });
});

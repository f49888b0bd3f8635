// SPDX-License-Identifier: MIT
import type { ReadStream, WriteStream } from 'node:tty';
import type { ClientChannel } from 'ssh2';
import type { Ending } from './ending.ts';
import { ended, type Ssh } from './ssh.ts';

/** The user's side of a session: a terminal, files or pipes. */
export interface Streams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WritableStream;
}

const DEFAULT_SIZE = { rows: 24, cols: 80 };

/** Runs a command line in the guest with the user's streams as its own. */
export async function runAttached(ssh: Ssh, command: string, streams: Streams): Promise<Ending> {
  return attach(await ssh.channel(command), streams);
}

/** A login shell in the guest on the user's terminal, which must be one. */
export async function loginShell(ssh: Ssh, term: string, streams: Streams): Promise<Ending> {
  const { stdin, stdout } = streams;
  const channel = await ssh.channel({ term, ...sizeOf(stdout) });
  using _ = rawMode(stdin);
  const resize = () => {
    const { rows, cols } = sizeOf(stdout);
    channel.setWindow(rows, cols, 0, 0);
  };
  stdout.on('resize', resize);
  const ending = await attach(channel, streams);
  stdout.off('resize', resize);
  return ending;
}

async function attach(channel: ClientChannel, { stdin, stdout, stderr }: Streams): Promise<Ending> {
  channel.pipe(stdout, { end: false });
  channel.stderr.pipe(stderr, { end: false });
  stdin.pipe(channel);
  const ending = await ended(channel);
  stdin.unpipe(channel);
  stdin.pause();
  return ending;
}

/** Every key goes to the guest, Ctrl-C too. */
function rawMode(stdin: ReadStream): Disposable {
  stdin.setRawMode(true);
  return { [Symbol.dispose]: () => void stdin.setRawMode(false) };
}

function sizeOf({ rows, columns }: WriteStream) {
  return rows && columns ? { rows, cols: columns } : DEFAULT_SIZE;
}

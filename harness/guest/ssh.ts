// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Client, ClientChannel, ConnectConfig } from 'ssh2';
import { InfraError, InterruptedError } from '../errors.ts';
import { LineSplitter } from '../host/lines.ts';
import { commandLine } from '../host/spawn.ts';
import { type Ending, requireSuccess } from './ending.ts';

export interface SshAddress {
  /** Of 127.0.0.1. */
  port: number;
  /** The only host key that is accepted: `ssh-ed25519 AAAA…`. */
  hostPublicKey: string;
  /** The private key, in OpenSSH's format. */
  clientKey: string;
}

export type OutputStream = 'stdout' | 'stderr';

export interface ExecOptions {
  /** What the command does, for errors: `run the guest test pin`. */
  what: string;
  timeoutMs: number;
  onLine?: (line: string, stream: OutputStream) => void;
  signal?: AbortSignal;
}

export type SilentExecOptions = Omit<ExecOptions, 'onLine'>;

/** What a login shell is told about the terminal in front of it. */
export interface TerminalSize {
  /** Its kind, as in TERM. */
  term: string;
  rows: number;
  cols: number;
}

export interface ConnectOptions {
  timeoutMs: number;
  signal?: AbortSignal;
}

/** The fastest of what dropbear offers, measured under emulation; nothing here guards a secret. */
const ALGORITHMS = {
  kex: ['curve25519-sha256' as const],
  serverHostKey: ['ssh-ed25519' as const],
  cipher: ['chacha20-poly1305@openssh.com' as const],
  compress: ['none' as const],
};

/** One SSH connection to the guest, over which any number of commands run; disposal closes it. */
export class Ssh implements AsyncDisposable {
  readonly #client: Client;
  /** Why there is no connection any more. */
  #lost: string | undefined;

  private constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => {
      this.#lost ??= error.message;
    });
    client.on('close', () => {
      this.#lost ??= 'the guest closed the connection';
    });
  }

  /** Loads what speaks the protocol: there is time for it while a guest boots, and none before. */
  static load() {
    return import('ssh2');
  }

  /** Connects and authenticates; refuses a server with any other host key than the pinned one. */
  static async connect(address: SshAddress, options: ConnectOptions): Promise<Ssh> {
    const { Client } = await Ssh.load();
    const client = new Client();
    try {
      const ready = Promise.race([
        once(client, 'ready', { signal: options.signal }),
        // ssh2 calls it no error when the guest is gone before the handshake ends, and forgets its timeout.
        once(client, 'close').then(() => {
          throw new Error('the guest closed the connection during the handshake');
        }),
      ]);
      client.connect({ ...config(address), readyTimeout: options.timeoutMs });
      await ready;
      return new Ssh(client);
    } catch (cause) {
      client.on('error', () => undefined).destroy();
      if (options.signal?.aborted) throw new InterruptedError('interrupted: connect to the guest');
      throw new InfraError(`connect to the guest by SSH: ${(cause as Error).message}`, { cause });
    }
  }

  /** A channel of a shell command line, or of a login shell on a terminal of the given size. */
  async channel(asked: string | TerminalSize): Promise<ClientChannel> {
    const channel = await this.#open(asked);
    if (typeof channel !== 'string') return channel;
    throw new InfraError(`open a channel to the guest: ${channel}`);
  }

  /** Runs a shell command line to its end; however it ends is the result. */
  async exec(command: string, options: ExecOptions): Promise<Ending> {
    using limit = limitOf(options);
    // An end of file sent by us would close our side, and with it the way to send a signal.
    const channel = await this.#openWithin(limit, `exec < /dev/null; ${command}`);
    const ending = 'how' in channel ? channel : await follow(channel, limit, options.onLine);
    return this.#conclude(ending, options);
  }

  /** What a shell command line prints; `InfraError` unless it exits with 0. */
  async output(command: string, options: SilentExecOptions): Promise<string> {
    const stdout: string[] = [];
    const both: string[] = [];
    const onLine = (line: string, stream: OutputStream) => {
      both.push(line);
      if (stream === 'stdout') stdout.push(line);
    };
    const ending = await this.exec(command, { ...options, onLine });
    requireSuccess(ending, options.what, command, both);
    return stdout.join('\n');
  }

  /** Copies what is in `directory` into the guest's `target`, which is made if need be. */
  async upload(directory: string, target: string, options: SilentExecOptions): Promise<void> {
    const unpack = commandLine('tar', ['-x', '-f', '-', '-C', target]);
    const command = `${commandLine('mkdir', ['-p', target])} && exec ${unpack}`;
    using limit = limitOf(options);
    const channel = await this.#openWithin(limit, command);
    const output: string[] = [];
    if ('how' in channel) {
      return requireSuccess(this.#conclude(channel, options), options.what, command, output);
    }
    const sent = sendTar(directory, channel);
    const followed = await follow(channel, limit, (line) => output.push(line));
    channel.destroy();
    const unsent = await sent;
    const ending = this.#conclude(followed, options);
    if (unsent && ending.how === 'lost') throw new InfraError(`${options.what}: ${unsent.message}`);
    requireSuccess(ending, options.what, command, output);
  }

  async [Symbol.asyncDispose]() {
    this.#client.destroy();
  }

  /** A channel, or why there is none. */
  #open(asked: string | TerminalSize): Promise<ClientChannel | string> {
    return new Promise((resolve) => {
      // Where it knows that it is not connected, ssh2 throws and says no more than that.
      if (this.#lost) return resolve(this.#lost);
      const opened = (error: Error | undefined, channel: ClientChannel) =>
        resolve(error ? (this.#lost ?? error.message) : channel);
      if (typeof asked === 'string') this.#client.exec(asked, opened);
      else this.#client.shell(asked, opened);
    });
  }

  /** A channel, or how its command ended before there was one: a guest that hangs never answers. */
  async #openWithin({ reached }: Limit, command: string): Promise<ClientChannel | Ending> {
    const opening = this.#open(command);
    const opened = await Promise.race([opening, reached]);
    if (typeof opened === 'string') return { how: 'lost', reason: opened };
    // The guest may still begin what nobody awaits any more.
    if ('how' in opened) void opening.then((late) => typeof late !== 'string' && kill(late));
    return opened;
  }

  /** How a command ended, in the light of the connection and of an interrupt. */
  #conclude(ending: Ending, { signal, what }: SilentExecOptions): Ending {
    if (signal?.aborted) throw new InterruptedError(`interrupted: ${what}`);
    // What was reported before the connection broke may lack its last output.
    return this.#lost ? { how: 'lost', reason: this.#lost } : ending;
  }
}

/** What ends the wait for a command, from the request for its channel on. */
interface Limit extends Disposable {
  reached: Promise<Ending>;
}

function limitOf({ timeoutMs, signal }: SilentExecOptions): Limit {
  const { promise: reached, resolve: stop } = Promise.withResolvers<Ending>();
  const timer = setTimeout(stop, timeoutMs, { how: 'timedOut', afterMs: timeoutMs });
  const abort = () => stop({ how: 'lost', reason: 'interrupted' });
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  const dispose = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { reached, [Symbol.dispose]: dispose };
}

async function follow(
  channel: ClientChannel,
  { reached }: Limit,
  onLine: ExecOptions['onLine'],
): Promise<Ending> {
  followLines(channel, onLine);
  const ending = await Promise.race([reached, ended(channel)]);
  kill(channel);
  return ending;
}

function config({ port, hostPublicKey, clientKey }: SshAddress): ConnectConfig {
  const pinned = Buffer.from(hostPublicKey.split(' ')[1] ?? '', 'base64');
  return {
    // With Nagle's algorithm each packet waits 40 ms for the guest's delayed acknowledgement.
    sock: connect({ host: '127.0.0.1', port, noDelay: true }),
    username: 'root',
    privateKey: clientKey,
    // Without asking first which methods there are.
    authHandler: ['publickey'],
    hostVerifier: (key: Buffer) => key.equals(pinned),
    algorithms: ALGORITHMS,
  };
}

/** Settles when the guest has reported an end, or the channel is gone, and all output was seen. */
export async function ended(channel: ClientChannel): Promise<Ending> {
  // Not the event `exit`: it may have come together with the channel, before anybody could listen.
  const [[code, signal]] = await Promise.all([
    once(channel, 'close'),
    once(channel.stderr, 'close'),
  ]);
  if (typeof code === 'number') return { how: 'exited', code };
  if (typeof signal === 'string') return { how: 'killed', signal };
  return { how: 'lost', reason: 'the guest reported no exit status' };
}

function followLines(channel: ClientChannel, onLine: ExecOptions['onLine']) {
  for (const [name, stream] of [
    ['stdout', channel],
    ['stderr', channel.stderr],
  ] as const) {
    const splitter = new LineSplitter();
    const tell = (lines: string[]) => {
      for (const line of lines) onLine?.(line, name);
    };
    stream.on('data', (chunk: Buffer) => tell(splitter.push(chunk)));
    stream.on('end', () => tell(splitter.end()));
  }
}

/** Without effect on a command that has ended. */
function kill(channel: ClientChannel) {
  channel.signal('KILL');
  channel.close();
}

/** What went wrong on this side; a guest that takes no more says why by how its command ends. */
async function sendTar(directory: string, channel: ClientChannel): Promise<Error | undefined> {
  const { create } = await import('tar');
  return pipeline(create({ cwd: directory, portable: true }, ['.']), channel).then(
    () => undefined,
    (error: NodeJS.ErrnoException) =>
      error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? undefined : error,
  );
}

// SPDX-License-Identifier: MIT
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { InfraError } from '../errors.ts';
import { temporaryDirectory } from '../host/temporary.ts';
import type { Sockets } from './args.ts';

/** sun_path holds 108 bytes, the last of them zero (unix(7)). */
const MAX_SOCKET_PATH = 107;

type Connections<T> = Readonly<Record<keyof Sockets, T>>;

/** Unix sockets that await one connection each; disposal closes them and removes their files. */
export interface Listening extends AsyncDisposable {
  readonly paths: Connections<string>;
  /** Settle when QEMU has connected; nothing that it sends is lost before somebody listens. */
  readonly accepted: Connections<Promise<Socket>>;
}

/**
 * Listens for QEMU on sockets that only this user can reach.
 * Because pinlab listens and not QEMU, no connection can come too early.
 */
export async function listen(): Promise<Listening> {
  await using scope = new AsyncDisposableStack();
  const { path: directory } = scope.use(await temporaryDirectory('vm'));
  const paths = {
    qmp: join(directory, 'qmp'),
    console: join(directory, 'console'),
    ready: join(directory, 'ready'),
  };
  const qmp = scope.use(await acceptOne(paths.qmp));
  const console = scope.use(await acceptOne(paths.console));
  const ready = scope.use(await acceptOne(paths.ready));
  const owned = scope.move();
  return {
    paths,
    accepted: { qmp: qmp.socket, console: console.socket, ready: ready.socket },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function acceptOne(path: string) {
  checkLength(path);
  const server = createServer();
  const { promise: socket, resolve } = Promise.withResolvers<Socket>();
  server.once('connection', (accepted) => {
    server.close();
    // A reset is a close to everyone who listens; QEMU's exit says why.
    accepted.on('error', () => undefined);
    resolve(accepted);
  });
  await new Promise<void>((done, reject) => server.once('error', reject).listen(path, done));
  const dispose = () => {
    server.close();
    void socket.then((accepted) => accepted.destroy());
  };
  return { socket, [Symbol.dispose]: dispose };
}

function checkLength(path: string) {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return;
  throw new InfraError(`${path} is too long for a Unix socket`, {
    hint: 'set TMPDIR to a directory with a short name',
  });
}

// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { SshAddress } from '../../guest/ssh.ts';
import { makeKeys } from '../../image/keys.ts';

/** What the server does with a command; `signalled` resolves with the name of a signal sent to it. */
export type Behaviour = (
  channel: ServerChannel,
  command: string,
  connection: Connection,
  signalled: Promise<string>,
) => void;

/**
 * An SSH server on this host in place of the guest's, with a user who has the right key. Where
 * `answers` is given, no request for a command is answered before it settles.
 */
export async function serve(behaviour: Behaviour, answers?: Promise<void>) {
  const host = makeKeys();
  const client = makeKeys();
  const connections = new Set<Connection>();
  const allowed = Buffer.from(client.clientPublicKey.split(' ')[1] ?? '', 'base64');
  // A server's key is a private key like any other: the format is the client's.
  const server = new ssh2.Server({ hostKeys: [host.clientKey] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => {
      const known = context.method === 'publickey' && context.key.data.equals(allowed);
      known && context.username === 'root' ? context.accept() : context.reject();
    });
    connection.on('session', (accept) => {
      const session = accept();
      const signalled = new Promise<string>((resolve) => {
        session.on('signal', (_accept, _reject, info) => resolve(info.name));
      });
      session.on('exec', async (acceptExec, _reject, { command }) => {
        if (answers) await answers;
        behaviour(acceptExec(), command, connection, signalled);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: SshAddress = {
    port: (server.address() as AddressInfo).port,
    hostPublicKey: host.clientPublicKey,
    clientKey: client.clientKey,
  };
  return {
    address,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.end();
      server.close();
    },
  };
}

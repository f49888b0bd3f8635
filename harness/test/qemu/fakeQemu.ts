// SPDX-License-Identifier: MIT
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where QEMU says that the guest's port 22 is. Nobody listens: no host gives this port to a program that asks for any. */
export const SSH_PORT = 1;

/** A Node program in QEMU's place; `connect(id)` opens the chardev socket of that id. */
const PRELUDE = `#!${process.execPath}
const net = require('node:net');
const connect = (id) => net.connect(process.argv
  .find((arg) => arg.startsWith('socket,id=' + id)).match(/path=([^,]*)/)[1]);
const answer = (request) => request.execute === 'human-monitor-command'
  ? ' TCP[HOST_FORWARD]  9  127.0.0.1 ${SSH_PORT}  10.0.2.15    22     0     0' : {};
const serveQmp = (socket) => {
  socket.write('{"QMP": {"version": {}}}\\n');
  socket.on('data', (line) => {
    const request = JSON.parse(line);
    socket.write(JSON.stringify({ return: answer(request), id: request.id }) + '\\n');
    if (request.execute.startsWith('migrate-inc'))
      socket.write('{"event": "MIGRATION", "data": {"status": "completed"}}\\n');
  });
};
`;

/** Answers, and prints a line on the console. */
export const ALL_WELL = `serveQmp(connect('qmp'));
connect('console').end('hello from the guest');
connect('ready');`;

/** A program `file` that does what `program` says, removed with its scope. */
export async function fakeQemu(program: string) {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-test-'));
  const file = join(directory, 'qemu.cjs');
  await writeFile(file, PRELUDE + program);
  await chmod(file, 0o755);
  return { file, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

// SPDX-License-Identifier: MIT
import { Duplex } from 'node:stream';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { Qmp, QmpError, type QmpEvent } from '../../qemu/qmp.ts';

const GREETING = {
  QMP: { version: { qemu: { major: 10, minor: 0, micro: 13 } }, capabilities: [] },
};

interface Request {
  execute: string;
  arguments: Record<string, unknown>;
  id: number;
}

/** A QEMU that answers as `answer` says; undefined is no answer. */
function fakeQemu(answer: (request: Request) => object | undefined, greeting: unknown = GREETING) {
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      const request: Request = JSON.parse(String(chunk));
      const reply = request.execute === 'qmp_capabilities' ? { return: {} } : answer(request);
      if (reply) say({ id: request.id, ...reply });
      done();
    },
  });
  const say = (message: unknown) => socket.push(`${JSON.stringify(message)}\r\n`);
  say(greeting);
  return { socket, say };
}

test('a command returns what QEMU returns', async (t) => {
  const { socket } = fakeQemu(({ execute, arguments: args }) => ({ return: { execute, args } }));
  await using qmp = await Qmp.open(socket);
  t.deepEqual(await qmp.execute('query-status'), { execute: 'query-status', args: {} });
  t.deepEqual(await qmp.execute('cont', { a: 1 }), { execute: 'cont', args: { a: 1 } });
});

test('answers find their commands in whatever order they come', async (t) => {
  const requests: Request[] = [];
  const { socket, say } = fakeQemu((request) => void requests.push(request));
  await using qmp = await Qmp.open(socket);
  const both = Promise.all([qmp.execute('first'), qmp.execute('second')]);
  for (const { id, execute } of requests.toReversed()) say({ return: execute, id });
  t.deepEqual(await both, ['first', 'second']);
});

test('a refused command rejects with its name and QEMU’s class', async (t) => {
  const error = { class: 'DeviceNotFound', desc: "Device 'x' not found" };
  const { socket } = fakeQemu(() => ({ error }));
  await using qmp = await Qmp.open(socket);
  const thrown = await t.throwsAsync(qmp.execute('qom-get'), { instanceOf: QmpError });
  t.is(thrown.class, 'DeviceNotFound');
  t.is(thrown.message, "QMP qom-get: DeviceNotFound: Device 'x' not found");
});

test('a command that is never answered rejects with its name', async (t) => {
  const { socket } = fakeQemu(() => undefined);
  await using qmp = await Qmp.open(socket);
  await t.throwsAsync(qmp.execute('stop', {}, 5), {
    instanceOf: InfraError,
    message: 'QMP stop: no answer after 5 ms',
  });
});

test('a QEMU that is known to be slow gets longer for every answer', async (t) => {
  const { socket } = fakeQemu(() => undefined);
  await using qmp = await Qmp.open(socket);
  qmp.timeoutMs = 5;
  await t.throwsAsync(qmp.counters('testdev'), { message: 'QMP qom-get: no answer after 5 ms' });
});

test('a connection that ends fails the commands under way and all later ones', async (t) => {
  const { socket } = fakeQemu(() => undefined);
  await using qmp = await Qmp.open(socket);
  const running = qmp.execute('stop');
  socket.destroy();
  await t.throwsAsync(running, { message: 'QMP stop: QMP: QEMU closed the connection' });
  await t.throwsAsync(qmp.execute('cont'), { message: 'QMP: QEMU closed the connection' });
});

test('disposal ends the connection', async (t) => {
  const { socket } = fakeQemu(() => undefined);
  const qmp = await Qmp.open(socket);
  await qmp[Symbol.asyncDispose]();
  t.true(socket.destroyed);
});

test('something that is not QEMU is refused', async (t) => {
  const { socket } = fakeQemu(() => undefined, { hello: 'world' });
  await t.throwsAsync(Qmp.open(socket), {
    instanceOf: InfraError,
    message: 'QMP greeting: QMP: not a QMP message',
  });
  t.true(socket.destroyed);
});

test('a QEMU without a greeting is refused in time', async (t) => {
  const silent = new Duplex({ read: () => undefined, write: (_c, _e, done) => done() });
  await t.throwsAsync(Qmp.open(silent, 5), { message: 'QMP greeting: no answer after 5 ms' });
  t.true(silent.destroyed);
});

test('events reach their listeners until these are disposed', async (t) => {
  const { socket, say } = fakeQemu(() => ({ return: {} }));
  await using qmp = await Qmp.open(socket);
  const seen: QmpEvent[] = [];
  const listening = qmp.onEvent((event) => seen.push(event));
  say({ event: 'SHUTDOWN', data: { guest: true } });
  await qmp.execute('query-status');
  listening[Symbol.dispose]();
  say({ event: 'RESET' });
  await qmp.execute('query-status');
  t.deepEqual(seen, [{ event: 'SHUTDOWN', data: { guest: true } }]);
});

test('counters are read from the device of that id', async (t) => {
  const asked: unknown[] = [];
  const { socket } = fakeQemu(({ execute, arguments: args }) => {
    asked.push(execute, args);
    return { return: { stalls: 64, bytes: 4096 } };
  });
  await using qmp = await Qmp.open(socket);
  t.deepEqual(await qmp.counters('testdev'), { stalls: 64, bytes: 4096 });
  t.deepEqual(asked, ['qom-get', { path: '/machine/peripheral/testdev', property: 'counters' }]);
});

test('counters that are no counts are an error, never a number', async (t) => {
  for (const reply of [{ stalls: '64' }, { stalls: -1 }, { stalls: 2 ** 60 }, [1], null]) {
    const { socket } = fakeQemu(() => ({ return: reply }));
    await using qmp = await Qmp.open(socket);
    await t.throwsAsync(qmp.counters('testdev'), { message: /^QMP qom-get: unexpected reply/ });
  }
});

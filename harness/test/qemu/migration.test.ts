// SPDX-License-Identifier: MIT
import { duplexPair } from 'node:stream';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import { loadState, saveState } from '../../qemu/migration.ts';
import { Qmp } from '../../qemu/qmp.ts';

interface Request {
  execute: string;
  id: number;
}

/** A QMP session whose far end answers everything, and ends each migration with `events`. */
async function session(events: readonly string[], replies: Record<string, object> = {}) {
  const [near, far] = duplexPair();
  const asked: string[] = [];
  const send = (message: object) => far.write(`${JSON.stringify(message)}\n`);
  far.on('data', (chunk: Buffer) => {
    for (const line of String(chunk).split('\n').filter(Boolean)) {
      const { execute, id }: Request = JSON.parse(line);
      asked.push(execute);
      send({ ...(replies[execute] ?? { return: {} }), id });
      if (!execute.startsWith('migrate-set') && execute.startsWith('migrate')) {
        for (const status of events) send({ event: 'MIGRATION', data: { status } });
      }
    }
  });
  send({ QMP: { version: {} } });
  const qmp = await Qmp.open(near);
  return { qmp, asked, [Symbol.asyncDispose]: () => qmp[Symbol.asyncDispose]() };
}

const SOON = { timeoutMs: 300 };

test('a state is saved from a machine that stands still, and a loaded one runs', async (t) => {
  await using saving = await session(['setup', 'active', 'completed']);
  await saveState(saving.qmp, '/state', SOON);
  t.deepEqual(saving.asked.slice(1), [
    'stop',
    'migrate-set-capabilities',
    'migrate-set-parameters',
    'migrate',
  ]);
  await using loading = await session(['setup', 'completed']);
  await loadState(loading.qmp, '/state', SOON);
  t.deepEqual(loading.asked.slice(1), ['migrate-set-capabilities', 'migrate-incoming', 'cont']);
});

test('a migration that fails says why, and the machine does not run', async (t) => {
  const why = { return: { status: 'failed', 'error-desc': 'No space left on device' } };
  await using loading = await session(['failed'], { 'query-migrate': why });
  const error = await t.throwsAsync(loadState(loading.qmp, '/state', SOON), {
    instanceOf: InfraError,
  });
  t.regex(error.message, /migrate-incoming \/state: failed: No space left on device/);
  t.regex(error.hint ?? '', /room/);
  t.false(loading.asked.includes('cont'));
});

test('a migration that QEMU refuses or never ends is an error in time', async (t) => {
  const refusal = { error: { class: 'GenericError', desc: 'not seekable' } };
  await using refused = await session([], { migrate: refusal });
  await t.throwsAsync(saveState(refused.qmp, '/state', SOON), { message: /not seekable/ });
  await using silent = await session(['active']);
  await t.throwsAsync(saveState(silent.qmp, '/state', SOON), {
    message: /not complete after 300 ms/,
  });
});

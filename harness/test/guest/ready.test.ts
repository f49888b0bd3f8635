// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import test from 'ava';
import { BootError, InterruptedError } from '../../errors.ts';
import { untilReady } from '../../guest/ready.ts';

const NEVER = new Promise<string>(() => undefined);
const OPTIONS = { exited: NEVER, timeoutMs: 60_000, consoleTail: () => 'Kernel panic' };

test('a guest that says ready is ready, with its uptime', async (t) => {
  const port = new PassThrough();
  const ready = untilReady(port, OPTIONS);
  port.write('read');
  port.write('y 0.71\n');
  t.deepEqual(await ready, { uptimeSeconds: 0.71 });
});

test('a guest that says why it failed is a boot error that quotes it and its console', async (t) => {
  const port = new PassThrough();
  const ready = untilReady(port, OPTIONS);
  port.end('failed insmod dma_testdev.ko: Invalid argument\n');
  const error = await t.throwsAsync(ready, { instanceOf: BootError });
  t.is(error.message, 'the guest did not become ready: insmod dma_testdev.ko: Invalid argument');
  t.is(error.output, 'Kernel panic');
});

test('noise in place of the ready event is not readiness', async (t) => {
  for (const line of ['ready', 'ready soon', ' ready 0.71', 'ready 0.71 or so']) {
    const port = new PassThrough();
    port.write(`${line}\n`);
    await t.throwsAsync(untilReady(port, OPTIONS), { instanceOf: BootError });
  }
});

test('a guest that dies is a boot error that says how', async (t) => {
  const port = new PassThrough();
  const exited = Promise.resolve('exited with 0');
  const ready = untilReady(port, { ...OPTIONS, exited });
  port.destroy();
  await t.throwsAsync(ready, {
    instanceOf: BootError,
    message: 'the guest did not become ready: QEMU exited with 0',
  });
});

test('what the guest said before QEMU ended counts', async (t) => {
  const port = new PassThrough();
  port.end('failed mount -a\n');
  const ready = untilReady(port, { ...OPTIONS, exited: Promise.resolve('exited with 0') });
  await t.throwsAsync(ready, { message: 'the guest did not become ready: mount -a' });
});

test('a silent guest is a boot error in time, and says what to do', async (t) => {
  const error = await t.throwsAsync(untilReady(new PassThrough(), { ...OPTIONS, timeoutMs: 5 }), {
    instanceOf: BootError,
    message: 'the guest did not become ready: no word from the guest after 5 ms',
  });
  t.regex(error.hint ?? '', /console\.log .*hang\.txt .*--boot-timeout/);
});

test('an interrupt ends the wait', async (t) => {
  const abort = new AbortController();
  const ready = untilReady(new PassThrough(), { ...OPTIONS, signal: abort.signal });
  abort.abort();
  await t.throwsAsync(ready, { instanceOf: InterruptedError });
});

// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { duplexPair } from 'node:stream';
import test from 'ava';
import { InfraError } from '../../errors.ts';
import type { Qmp } from '../../qemu/qmp.ts';
import { scanConsole } from '../../splat/scan.ts';
import { askKernel, stacksOf } from '../../stages/askKernel.ts';
import { GuestConsole } from '../../stages/guestConsole.ts';
import { recorded } from '../recorded/recorded.ts';

const ANSWERS: Record<string, string> = {
  t: 'sysrq: Show State\ntask:hangs state:S',
  w: 'sysrq: Show Blocked State',
  d: 'sysrq: Show Locks Held',
  l: 'sysrq: Show backtrace of all active CPUs',
  h: 'sysrq: HELP : loglevel(0-9)',
};

/** The far end of a serial line: as Linux does, it takes a key only after a break. */
function kernel(answers: Record<string, string>) {
  const [console, far] = duplexPair();
  let broken = false;
  far.on('data', (chunk: Buffer) => {
    for (const key of String(chunk)) {
      if (broken && answers[key]) far.write(`[    1.5] ${answers[key]}\r\n`);
      broken = false;
    }
  });
  const qmp = {
    execute: async () => {
      broken = true;
    },
    humanMonitor: async () => 'CPU#0\r\n PC=ffff8000804a1160',
  };
  return {
    vm: { console, qmp: qmp as unknown as Qmp },
    console: new GuestConsole(console, createWriteStream('/dev/null')),
  };
}

const OPTIONS = { lockdep: false, answerTimeoutMs: 200 };

test('each question is asked once the one before is being answered', async (t) => {
  const { vm, console } = kernel(ANSWERS);
  t.deepEqual(await askKernel(vm, console, OPTIONS), [
    '[    1.5] sysrq: Show State',
    'task:hangs state:S',
    '[    1.5] sysrq: Show Blocked State',
    '[    1.5] sysrq: Show backtrace of all active CPUs',
    '[    1.5] sysrq: HELP : loglevel(0-9)',
    'CPU#0',
    ' PC=ffff8000804a1160',
  ]);
});

test('locks are asked for where the kernel keeps account of them', async (t) => {
  const { vm, console } = kernel(ANSWERS);
  const said = await askKernel(vm, console, { ...OPTIONS, lockdep: true });
  t.true(said.includes('[    1.5] sysrq: Show Locks Held'));
});

test('a kernel that does not answer leaves what QEMU knows', async (t) => {
  const { vm, console } = kernel({});
  t.deepEqual(await askKernel(vm, console, OPTIONS), [
    'no answer to sysrq t within 200 ms',
    'CPU#0',
    ' PC=ffff8000804a1160',
  ]);
});

test('a QEMU that goes away meanwhile is told, not thrown', async (t) => {
  const { vm, console } = kernel(ANSWERS);
  vm.qmp.execute = () => Promise.reject(new InfraError('QMP: QEMU closed the connection'));
  t.deepEqual(await askKernel(vm, console, OPTIONS), ['QMP: QEMU closed the connection']);
});

test('the stacks of one program are found among all', (t) => {
  const lines = recorded('console/arm64-6.12-sysrq.txt');
  const stacks = stacksOf('sleep', lines);
  t.regex(stacks[0] ?? '', /task:sleep +state:S/);
  t.true(stacks.some((line) => line.includes('do_nanosleep')));
  t.regex(stacks.at(-1) ?? '', /el0t_64_sync/);
  t.deepEqual(stacksOf('slee', lines), []);
  t.true(stacksOf('dropbear', lines).filter((line) => line.includes('task:')).length > 1);
});

test('a name longer than a task’s is found by its first 15 characters', (t) => {
  t.deepEqual(stacksOf('a_very_long_name_indeed', ['task:a_very_long_nam state:D', ' x']), [
    'task:a_very_long_nam state:D',
    ' x',
  ]);
});

test('what a kernel says when asked is none of its reports', (t) => {
  const lines = recorded('console/arm64-6.12-sysrq.txt');
  t.deepEqual(scanConsole(lines, { nonce: 'n0nce' }), []);
});

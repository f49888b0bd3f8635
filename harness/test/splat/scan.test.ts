// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SplatScanner, scanConsole } from '../../splat/scan.ts';
import { recorded } from '../recorded/recorded.ts';

const nonce = 'n0nce';
const scan = (lines: readonly string[]) => scanConsole(lines, { nonce });
const scanRecorded = (name: string) => scan(recorded(`console/${name}.txt`));

/** What most tests compare: kind, test, and the first two functions. */
const gist = (name: string) =>
  scanRecorded(name).map(({ kind, test, frames }) => [
    kind,
    test,
    frames
      .slice(0, 2)
      .map(({ symbol }) => symbol)
      .join(' < '),
  ]);

/** A console line `seconds` after boot. */
const at = (seconds: number, text: string) => `[${seconds.toFixed(6).padStart(12)}] ${text}`;
const warning = (symbol: string, seconds = 1) => [
  at(seconds, '------------[ cut here ]------------'),
  at(seconds, `WARNING: CPU: 0 PID: 70 at mm/gup.c:123 ${symbol}+0x1c/0x40`),
  at(seconds, `pc : ${symbol}+0x1c/0x40`),
  at(seconds, 'Call trace:'),
  at(seconds, ` ${symbol}+0x1c/0x40`),
  at(seconds, ' el0_svc+0x18/0x54'),
  at(seconds, '---[ end trace 0000000000000000 ]---'),
];

test('recorded warnings of two kernels, each with its test', (t) => {
  for (const version of ['6.12', '7.3']) {
    t.deepEqual(gist(`arm64-${version}-warn`), [
      ['warning', 'splatter:global.warn', 'provoke_warn < splatter_init'],
      ['refcount', 'splatter:global.refcount', 'refcount_warn_saturate < provoke_refcount'],
      ['oops', 'splatter:global.oops', 'provoke_oops < do_one_initcall'],
    ]);
  }
});

test('one defect has one fingerprint and title on both kernels', (t) => {
  const names = (version: string) =>
    scanRecorded(`arm64-${version}-warn`).map(({ fingerprint, title }) => [fingerprint, title]);
  t.deepEqual(names('6.12'), names('7.3'));
});

test('a recorded oops that ends in a panic is two reports of one test', (t) => {
  for (const version of ['6.12', '7.3']) {
    const [oops, panic, ...rest] = scanRecorded(`arm64-${version}-oops-panic`);
    t.like(oops, { kind: 'oops', title: 'Oops: kernel NULL pointer dereference' });
    t.true(oops?.text.startsWith('Unable to handle kernel NULL pointer'));
    t.true(oops?.text.endsWith('---[ end trace 0000000000000000 ]---'));
    t.like(panic, { kind: 'panic', title: 'Kernel panic: Oops: Fatal exception' });
    t.is(panic?.test, 'splatter:global.oops');
    t.deepEqual(rest, []);
  }
});

test('a recorded panic at boot belongs to no test', (t) => {
  const [panic] = scanRecorded('arm64-6.12-boot-panic');
  t.is(panic?.test, null);
  t.is(panic?.title, 'Kernel panic: VFS: Unable to mount root fs on unknown-block(0,0)');
  t.true(panic?.text.endsWith('Memory Limit: none'));
});

test('a recorded report of another CPU around a marker stays whole and with its test', (t) => {
  t.deepEqual(gist('arm64-6.12-bug-interleaved'), [
    ['bug', 'splatter:global.bug', 'provoke_bug < do_one_initcall'],
    ['warning', 'splatter:global.bug', 'ct_kernel_exit.constprop.0 < ct_idle_enter'],
  ]);
  const warning = scanRecorded('arm64-6.12-bug-interleaved')[1];
  t.true(warning?.text.endsWith('---[ end trace 0000000000000000 ]---'));
  t.false(warning?.text.includes('pinlab'));
});

test('recorded hung tasks, stalls and lockups', (t) => {
  const found = gist('arm64-6.12-hang-stall');
  t.deepEqual(found.slice(0, 4), [
    ['hung-task', 'splatter:global.hang', '__switch_to < __schedule'],
    ['hung-task', 'splatter:global.hang', '__switch_to < __schedule'],
    ['hung-task', 'splatter:global.stall', '__switch_to < __schedule'],
    ['rcu-stall', 'splatter:global.stall', 'provoke_stall < do_one_initcall'],
  ]);
  t.deepEqual(
    new Set(found.map(([kind]) => kind)),
    new Set(['hung-task', 'rcu-stall', 'soft-lockup']),
  );
  t.is(found.length, 11);
});

test('a task that hangs again has the same fingerprint, another task another', (t) => {
  const hung = scanRecorded('arm64-6.12-hang-stall').filter(({ kind }) => kind === 'hung-task');
  const [init, pinner, again] = hung.map(({ fingerprint }) => fingerprint);
  t.not(init, pinner);
  t.is(pinner, again);
});

test('a marker with another nonce, or of another test, changes nothing', (t) => {
  const lines = [
    at(1, 'pinlab n0nce begin p:f.a'),
    at(1, 'pinlab other begin p:f.b'),
    at(1, 'pinlab n0nce end p:f.c'),
    at(1, 'x pinlab n0nce end p:f.a'),
    ...warning('foo'),
    at(2, 'pinlab n0nce end p:f.a'),
    ...warning('bar', 3),
  ];
  t.deepEqual(
    scan(lines).map(({ test }) => test),
    ['p:f.a', null],
  );
});

test('the test of a report is the one in which its first line appeared', (t) => {
  const [first = '', ...rest] = warning('foo');
  const lines = [
    at(1, 'pinlab n0nce begin p:f.a'),
    first,
    at(1, 'pinlab n0nce end p:f.a'),
    at(1, 'pinlab n0nce begin p:f.b'),
    ...rest,
  ];
  t.deepEqual(
    scan(lines).map(({ test, kind }) => [test, kind]),
    [['p:f.a', 'warning']],
  );
});

test('with caller ids, reports of two CPUs are told apart', (t) => {
  const mark = (lines: string[], caller: string) =>
    lines.map((line) => line.replace('] ', `][ ${caller}] `));
  const [a, b] = [mark(warning('on_a'), 'T70'), mark(warning('on_b'), 'C1')];
  const mixed = a.flatMap((line, i) => [line, b[i] ?? '']);
  t.deepEqual(
    scan(mixed).map(({ frames }) => frames.map(({ symbol }) => symbol)),
    [
      ['on_a', 'el0_svc'],
      ['on_b', 'el0_svc'],
    ],
  );
});

test('a CPU that is asked where it is answers for the report that asks, and ends no other', (t) => {
  const lines = [
    '[   11.034896][    C1] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:',
    '[   11.045013][    C1] rcu: \t0-....: (430 ticks this GP) idle=b84c/1/0x4000000000000000',
    '[   11.045500][   T70] ------------[ cut here ]------------',
    '[   11.045600][   T70] WARNING: CPU: 2 PID: 70 at mm/gup.c:12 on_other+0x4/0x8',
    '[   11.052579][    C1] Sending NMI from CPU 1 to CPUs 0:',
    '[   11.062403][    C0] NMI backtrace for cpu 0',
    '[   11.062716][    C0] CPU: 0 UID: 0 PID: 71 Comm: causes Not tainted 6.12.118 #1',
    '[   11.063002][    C0] pc : stuck+0x2c/0x48 [module]',
    '[   11.064073][    C0] Call trace:',
    '[   11.064127][    C0]  stuck+0x2c/0x48 [module]',
    '[   11.064150][   T70] Call trace:',
    '[   11.064160][   T70]  on_other+0x4/0x8',
    '[   11.064170][   T70] ---[ end trace 0000000000000000 ]---',
    '[   11.064204][    C0]  asked+0x9c/0x110 [module]',
    '[   13.178318][    C0] hrtimer: interrupt took 80040720 ns',
    '[   13.178400][    C1] something else',
  ];
  const found = scan(lines).map(({ kind, frames }) => [kind, frames.map(({ symbol }) => symbol)]);
  t.deepEqual(found, [
    ['warning', ['on_other']],
    ['rcu-stall', ['stuck', 'asked']],
  ]);
});

test('every kernel is asked for the time and the caller of each line', async (t) => {
  const config = join(import.meta.dirname, '../../../kernel/configs/base.config');
  const options = (await readFile(config, 'utf8')).split('\n');
  for (const option of ['CONFIG_PRINTK_TIME=y', 'CONFIG_PRINTK_CALLER=y'])
    t.true(options.includes(option), option);
});

test('a line inside another console line is found', (t) => {
  const [first = '', ...rest] = warning('foo');
  t.is(scan([`user output ${first}`, ...rest]).length, 1);
  t.is(scan([`${at(1, 'some other li')}${first}`, ...rest])[0]?.frames[0]?.symbol, 'foo');
});

test('carriage returns and levels do not hide a report', (t) => {
  t.is(scan(warning('foo').map((line) => `<4>${line}\r`)).length, 1);
});

test('user space cannot announce where the kernel stamps its lines', (t) => {
  t.deepEqual(scan([at(1, 'Run /init as init process'), 'WARNING: from a shell', 'BUG: x']), []);
});

test('a kernel that stamps nothing is still heard', (t) => {
  t.is(scan(warning('foo').map((line) => line.slice(15)))[0]?.kind, 'warning');
});

test('a report that the end of the console cuts short still counts', (t) => {
  const lines = warning('foo');
  for (let kept = 1; kept < lines.length; kept += 1) {
    t.is(scan(lines.slice(0, kept)).length, 1, `${kept} lines`);
  }
});

test('a pause ends a report without an end', (t) => {
  const lines = [
    at(1, 'BUG: something odd'),
    at(1, 'more'),
    at(60, 'unrelated'),
    ...warning('foo', 61),
  ];
  t.deepEqual(
    scan(lines).map(({ text }) => text.split('\n').length),
    [2, 7],
  );
});

test('KASAN keeps what follows its trace, until the ruler', (t) => {
  const [kasan, ...rest] = scan([
    at(1, '='.repeat(66)),
    at(1, 'BUG: KASAN: slab-use-after-free in mempinfd_release+0x1c/0x40'),
    at(1, 'Write of size 8 at addr ffff000001234560 by task dma/70'),
    at(1, ''),
    at(1, 'CPU: 0 UID: 0 PID: 70 Comm: dma Not tainted 6.12.117 #1'),
    at(1, 'Call trace:'),
    at(1, ' dump_backtrace+0x90/0xe4'),
    at(1, ' kasan_report+0x90/0xe4'),
    at(1, ' mempinfd_release+0x1c/0x40'),
    at(1, ' __fput+0x90/0xe4'),
    at(1, ''),
    at(1, 'Allocated by task 70:'),
    at(1, ' kasan_save_stack+0x3c/0x64'),
    at(1, ' mempinfd_pin+0x3c/0x64'),
    at(1, ''),
    at(1, 'The buggy address belongs to the object at ffff000001234500'),
    at(1, '='.repeat(66)),
    at(1, 'Disabling lock debugging due to kernel taint'),
  ]);
  t.deepEqual(rest, []);
  t.is(kasan?.kind, 'kasan');
  t.deepEqual(
    kasan?.frames.map(({ symbol }) => symbol),
    ['dump_backtrace', 'kasan_report', 'mempinfd_release', '__fput'],
  );
  t.true(kasan?.text.includes('Allocated by task 70:'));
  t.true(kasan?.text.endsWith('='));
});

test('a lockdep report ends with its trace', (t) => {
  const [lockdep, ...rest] = scan([
    at(1, '======================================================'),
    at(1, 'WARNING: possible circular locking dependency detected'),
    at(1, '-> #1 (&b){+.+.}-{2:2}:'),
    at(1, '       lock_acquire+0x1/0x2'),
    at(1, 'stack backtrace:'),
    at(1, 'Call trace:'),
    at(1, ' __lock_acquire+0x1/0x2'),
    at(1, ' mempinfd_pin+0x1/0x2 (P)'),
    at(1, 'some other line'),
    ...warning('foo', 1),
  ]);
  t.deepEqual(
    lockdep?.frames.map(({ symbol }) => symbol),
    ['__lock_acquire', 'mempinfd_pin'],
  );
  t.is(rest.length, 1);
});

test('an SMMU event keeps its record', (t) => {
  const smmu = (text: string) => at(1, `arm-smmu-v3 9050000.smmuv3: ${text}`);
  const found = scan([
    smmu('event 0x10 received:'),
    ...Array.from({ length: 4 }, (_, i) => smmu(`\t0x000000000000000${i}`)),
    smmu('event 0x02 received:'),
    at(1, 'other'),
  ]);
  t.deepEqual(
    found.map(({ title, text }) => [title, text.split('\n').length]),
    [
      ['SMMUv3: event 0x10', 5],
      ['SMMUv3: event 0x02', 1],
    ],
  );
});

test('an x86 oops: the instruction pointer comes first, guesses are left out', (t) => {
  const [oops] = scan([
    at(1, 'BUG: kernel NULL pointer dereference, address: 0000000000000008'),
    at(1, '#PF: supervisor write access in kernel mode'),
    at(1, 'Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI'),
    at(1, 'RIP: 0010:mempinfd_pin+0x12/0x30 [dma_testdev]'),
    at(1, 'Call Trace:'),
    at(1, ' <TASK>'),
    at(1, ' ? __die+0x1/0x2'),
    at(1, ' __x64_sys_mempinfd+0x12/0x30'),
    at(1, ' </TASK>'),
    at(1, '---[ end trace 0000000000000000 ]---'),
  ]);
  t.is(oops?.title, 'Oops: kernel NULL pointer dereference');
  t.deepEqual(oops?.frames, [
    { symbol: 'mempinfd_pin', offset: '0x12', module: 'dma_testdev' },
    { symbol: '__x64_sys_mempinfd', offset: '0x12' },
  ]);
});

test('an allowance excuses its splat and no other', (t) => {
  const allowed = [{ kind: 'warning', symbol: 'foo', reason: 'known' }];
  const found = scanConsole([...warning('foo'), ...warning('bar')], { nonce, allowed });
  t.deepEqual(
    found.map((splat) => splat.allowed),
    ['known', undefined],
  );
  const byTitle = [{ kind: 'warning', title: /gup\.c:999/, reason: 'known' }];
  t.is(scanConsole(warning('foo'), { nonce, allowed: byTitle })[0]?.allowed, undefined);
});

test('a scanner tells while a report is unfinished, and hands each out once', (t) => {
  const scanner = new SplatScanner({ nonce });
  const lines = warning('foo');
  for (const line of lines.slice(0, -1)) scanner.push(line);
  t.true(scanner.busy);
  t.deepEqual(scanner.take(), []);
  scanner.push(lines.at(-1) ?? '');
  t.false(scanner.busy);
  t.is(scanner.take().length, 1);
  t.deepEqual(scanner.take(), []);
});

test('escapes and hostile amounts of output are bounded', (t) => {
  const scanner = new SplatScanner({ nonce });
  scanner.push(at(1, '------------[ cut here ]------------'));
  scanner.push(at(1, `WARNING: CPU: 0 PID: 1 at a.c:1 \x1b[2Jfoo+0x1/0x2 ${'x'.repeat(100_000)}`));
  for (let i = 0; i < 20_000; i += 1) scanner.push(at(1, 'y'.repeat(1000)));
  for (let i = 0; i < 1500; i += 1) for (const line of warning(`f${i}`)) scanner.push(line);
  scanner.flush();
  const found = scanner.take();
  t.is(found.length, 1000);
  t.true((found[0]?.text.length ?? 0) <= 400 * 401);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  t.notRegex(JSON.stringify(found[0]?.title), /\\u001b|\x1b/);
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, temporaryDirectory } from './pinlab.ts';

const BATCH = ['--', '-batch'];

test('gdb stops the kernel before its first instruction, and at a breakpoint with its source', async (t) => {
  await using directory = await temporaryDirectory();
  const commands = ['-ex', 'continue', '-ex', 'bt 1', '-ex', 'p saved_command_line'];
  const args = [
    'gdb',
    '--break',
    'start_kernel',
    '--output',
    directory.path,
    ...BATCH,
    ...commands,
  ];
  const { code, stdout, tail } = await pinlab(args);
  t.is(code, EXIT.ok, tail);
  t.regex(stdout, /Breakpoint 1, start_kernel \(\) at .*init\/main\.c:\d+/);
  t.regex(stdout, /\$1 = 0x0/);
});

test('gdb on a booted guest knows where the driver is, and its source', async (t) => {
  await using directory = await temporaryDirectory();
  const asked = ['info address dma_testdev_probe', 'info line dma_testdev.c:100'];
  const commands = [...asked, 'p linux_banner'].flatMap((command) => ['-ex', command]);
  const args = ['gdb', '--output', directory.path, ...BATCH, ...commands];
  const { code, stdout, tail } = await pinlab(args);
  t.is(code, EXIT.ok, tail);
  t.regex(stdout, /"dma_testdev_probe" is a function at address 0xffff/);
  t.regex(stdout, /^Line 100 of ".*dma_testdev\.c" .*at address 0xffff\S+ <dma_testdev_/m);
  t.regex(stdout, /Linux version 6\.12/);
});

test('a symbol that the kernel lacks is refused before anything boots', async (t) => {
  const { code, stderr } = await pinlab(['gdb', '--break', 'no_such_function', '--', '-batch']);
  t.is(code, EXIT.usage);
  t.regex(stderr, /the kernel has no symbol no_such_function/);
});

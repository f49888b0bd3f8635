// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, ROOT, temporaryDirectory } from '../e2e/pinlab.ts';

const CONFIG = join(ROOT, 'kernel/configs/gdb.config');

test.serial("a kernel that is built for it has the kernel's own commands in gdb", async (t) => {
  await using directory = await temporaryDirectory();
  const commands = ['lx-version', 'lx-ps', 'lx-lsmod'].flatMap((command) => ['-ex', command]);
  const options = ['--config', CONFIG, '--output', directory.path];
  const { code, stdout, tail } = await pinlab(['gdb', ...options, '--', '-batch', ...commands]);
  t.is(code, EXIT.ok, tail);
  t.regex(stdout, /^Linux version 6\.12/m);
  t.regex(stdout, /^0xffff\S+ +\d+ +dropbear$/m);
  t.regex(stdout, /^0xffff\S+ +dma_testdev /m);
});

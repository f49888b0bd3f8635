// SPDX-License-Identifier: MIT
import test from 'ava';
import { gdbArguments, parseSections } from '../../stages/gdbArguments.ts';

const SESSION = {
  ...{ vmlinux: '/cache/vmlinux', socket: '/tmp/s/gdb' },
  ...{ modules: [], breakpoints: [] },
};

test('gdb connects first, then knows the modules, then stops where it is told', (t) => {
  const sections = { '.text': '0xffff1000', '.bss': '0xffff3000', '.init.text': '0xffff9000' };
  const modules = [{ file: '/cache/dma_testdev.ko', sections }];
  const session = { ...SESSION, modules, breakpoints: ['start_kernel'] };
  t.deepEqual(gdbArguments(session, ['-batch', '-ex', 'bt']), [
    ...['-q', '-ex', 'set pagination off', '-ex', 'target remote /tmp/s/gdb'],
    ...['-ex', 'add-symbol-file /cache/dma_testdev.ko 0xffff1000 -s .bss 0xffff3000'],
    ...['-ex', 'break start_kernel', '-batch', '-ex', 'bt', '/cache/vmlinux'],
  ]);
});

test('the kernel’s own commands are there before gdb connects', (t) => {
  const words = gdbArguments({ ...SESSION, scripts: '/cache/vmlinux-gdb.py' }, []);
  t.true(words.indexOf('source /cache/vmlinux-gdb.py') < words.indexOf('target remote /tmp/s/gdb'));
  t.true(words.includes('source /cache/vmlinux-gdb.py'));
});

test('sections are read from what the guest prints', (t) => {
  const text = '.bss 0xffff800078c02000\n.text 0xffff800078c00000\n__mcount_loc \nnoise';
  t.deepEqual(parseSections(text), {
    '.bss': '0xffff800078c02000',
    '.text': '0xffff800078c00000',
  });
});

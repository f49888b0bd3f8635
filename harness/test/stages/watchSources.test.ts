// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import test from 'ava';
import { UsageError } from '../../errors.ts';
import { sourcesOf, watchSources } from '../../stages/watchSources.ts';

const ROOT = '/checkout';
const OURS = { kernel: '6.12', series: 'ours', flavour: 'base', fragments: [] } as const;

test('our series is followed where it decides, with the tests and the machine', (t) => {
  const paths = sourcesOf(ROOT, OURS);
  for (const path of ['kernel/mempinfd', 'kernel/patches', 'guest-tests', 'qemu', 'images']) {
    t.true(paths.includes(join(ROOT, path)), path);
  }
  t.false(sourcesOf(ROOT, { ...OURS, series: 'none' }).includes(join(ROOT, 'kernel/patches')));
});

test('a developer’s tree, somebody’s patches and options are followed by their own paths', (t) => {
  const tree = sourcesOf(ROOT, { ...OURS, kernel: './linux', fragments: ['my.config'] });
  t.true(tree.includes(resolve('linux')));
  t.true(tree.includes(resolve('my.config')));
  t.false(tree.includes(join(ROOT, 'kernel/mempinfd')));
  t.true(sourcesOf(ROOT, { ...OURS, series: ['v5.patch'] }).includes(resolve('v5.patch')));
  t.true(sourcesOf(ROOT, { ...OURS, patches: ['more.patch'] }).includes(resolve('more.patch')));
});

test('a kernel that does not exist is not watched but refused', async (t) => {
  await t.throwsAsync(watchSources(ROOT, { ...OURS, kernel: '9.9' }), {
    instanceOf: UsageError,
    message: 'there is no kernel 9.9',
  });
});

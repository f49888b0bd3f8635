// SPDX-License-Identifier: MIT
import test from 'ava';
import { kernelChoice } from '../../commands/kernelOptions.ts';
import { UsageError } from '../../errors.ts';

const BASE = { kernel: '6.12', flavour: 'base' };

test('our series is chosen unless another one is, or a part of it', (t) => {
  t.is(kernelChoice({ ...BASE, series: true }).series, 'ours');
  t.is(kernelChoice({ ...BASE, series: false }).series, 'none');
  t.deepEqual(kernelChoice({ ...BASE, series: ['v5.patch'] }).series, ['v5.patch']);
  t.is(kernelChoice({ ...BASE, series: true, withoutMmPatches: true }).series, 'ours-without-mm');
});

test('a part of no series of ours is refused', (t) => {
  for (const series of [false, ['v5.patch']]) {
    t.throws(() => kernelChoice({ ...BASE, series, withoutMmPatches: true }), {
      instanceOf: UsageError,
      message: /--without-mm-patches/,
    });
  }
});

// SPDX-License-Identifier: MIT
import { Command } from '@commander-js/extra-typings';
import { UsageError } from '../errors.ts';
import type { KernelChoice } from '../stages/kernelRequest.ts';

/** A command that takes the options which name a kernel, by default of `flavour`. */
export function withKernelOptions(name: string, flavour = 'base') {
  return new Command(name)
    .option('--kernel <base|dir>', 'kernel to judge: 6.12, 7.3, or the directory of a tree', '6.12')
    .option(
      '--series <files...>',
      `put these patches or mailboxes on the base instead of pinlab's own`,
    )
    .option('--no-series', 'no series: the unpatched base')
    .option('--without-mm-patches', 'of the series, only what mempinfd() itself needs')
    .option('--patch <files...>', 'put these on top of the series')
    .option(
      '--flavour <name>',
      'how the kernel is configured: base, debug, kcsan or bench',
      flavour,
    )
    .option('--config <files...>', 'Kconfig fragments with further options of the kernel');
}

export interface KernelOptions {
  kernel: string;
  series?: string[] | boolean | undefined;
  withoutMmPatches?: true | undefined;
  patch?: string[] | undefined;
  flavour: string;
  config?: string[] | undefined;
  /** Of commands that offer it. */
  coverage?: true | undefined;
}

/** What the options ask for. */
export function kernelChoice(options: KernelOptions): KernelChoice {
  const { kernel, patch: patches, flavour, config: fragments = [], coverage = false } = options;
  return { kernel, series: seriesChoice(options), patches, flavour, fragments, coverage };
}

function seriesChoice({ series, withoutMmPatches }: KernelOptions): KernelChoice['series'] {
  const other = Array.isArray(series) ? series : series === false ? 'none' : undefined;
  if (withoutMmPatches && other) {
    throw new UsageError('--without-mm-patches is about pinlab’s own series', {
      hint: 'leave out --series and --no-series',
    });
  }
  return other ?? (withoutMmPatches ? 'ours-without-mm' : 'ours');
}

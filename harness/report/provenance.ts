// SPDX-License-Identifier: MIT
import type { Results } from '../schema/results.ts';

type Inputs = Results['inputs'];

/** The command without what is of one machine only: where its output went. */
export function again(command: readonly string[]): string {
  return command
    .filter((word, i) => word !== '--output' && command[i - 1] !== '--output')
    .map((word) => (/^[\w=,.:/-]+$/.test(word) ? word : `'${word}'`))
    .join(' ');
}

/** What results were made with, as a Markdown table. */
export function inputsTable(
  kernels: readonly Inputs['kernel'][],
  qemu: Inputs['qemu'],
  guestTests: readonly Inputs['guestTests'][],
): string[] {
  return [
    '| | version | sha256 |',
    '|---|---|---|',
    ...kernels.map(
      (kernel) =>
        `| kernel, ${kernel.series.length} parts of the series | ${kernel.version} | image \`${short(kernel.imageSha256)}\`, configuration \`${short(kernel.configSha256)}\` |`,
    ),
    `| QEMU with ${qemu.patches.length} patches | ${qemu.version} | \`${short(qemu.sha256)}\` |`,
    ...guestTests.map(({ sha256 }) => `| guest programs | | \`${short(sha256)}\` |`),
  ];
}

function short(sha256: string): string {
  return sha256.slice(0, 16);
}

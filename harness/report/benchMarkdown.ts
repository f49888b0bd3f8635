// SPDX-License-Identifier: MIT
import type { Bench } from '../schema/bench.ts';
import { benchTables, unprovenLines } from './benchTable.ts';
import { again, inputsTable } from './provenance.ts';

/** The figures as a page of the documentation, with what is needed to make it again. */
export function benchMarkdown(bench: Bench): string {
  const { inputs, command, pinlab, boots } = bench;
  const open = unprovenLines(bench);
  return [
    '<!-- SPDX-License-Identifier: MIT -->',
    `# What holding memory costs on Linux ${inputs.kernel.version}`,
    '',
    'Instructions of one call, counted by the CPU of a guest that runs nothing else; the least of several rounds.',
    `Made by \`${again(command)}\`, pinlab ${pinlab.version}: ${boots} boots, of which two at least count each figure alike.`,
    '',
    ...inputsTable([inputs.kernel], inputs.qemu, [inputs.guestTests]),
    ...benchTables(bench).flatMap(({ state, lines }) => ['', `## ${state}`, '', ...table(lines)]),
    ...(open.length > 0 ? ['', ...open] : []),
    '',
  ].join('\n');
}

function table([head = [], ...lines]: readonly string[][]): string[] {
  return [
    row(head),
    `|${head.map((_, i) => (i < 1 ? '---' : '--:')).join('|')}|`,
    ...lines.map(row),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

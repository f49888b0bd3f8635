// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';
import type { Figure, Unproven } from '../schema/bench.ts';

const FIGURE = /^figure\t([^\t]+)\t([^\t]+)\t([^\t]+)\t(\d+)\t(\d+)$/;
const END = 'end of figures';

/** The figures that a guest printed on its console; throws unless it printed all of them. */
export function parseFigures(console: string): Figure[] {
  const lines = console.split(/\r?\n/);
  if (!lines.includes(END)) {
    throw new InfraError('the guest ended before its last figure', {
      output: lines.slice(-40).join('\n'),
    });
  }
  return lines.flatMap((line) => {
    const [, operation = '', backing = '', state = '', amount, instructions] =
      FIGURE.exec(line) ?? [];
    if (!operation) return [];
    return [
      { operation, backing, state, amount: Number(amount), instructions: Number(instructions) },
    ];
  });
}

/** What several boots have in common. */
export interface Agreement {
  figures: Figure[];
  unproven: Unproven[];
}

/** Takes each figure that two of `boots` counted alike; the others are unproven. */
export function agreement(boots: readonly (readonly Figure[])[]): Agreement {
  const figures: Figure[] = [];
  const unproven: Unproven[] = [];
  for (const { instructions: _, ...what } of boots[0] ?? []) {
    const counted = boots.flatMap((boot) =>
      boot.filter((one) => isSame(one, what)).map(({ instructions }) => instructions),
    );
    const twice = counted.find((count, index) => counted.indexOf(count) < index);
    if (twice === undefined) unproven.push({ ...what, counted });
    else figures.push({ ...what, instructions: twice });
  }
  return { figures, unproven };
}

function isSame(one: Figure, what: Omit<Figure, 'instructions'>): boolean {
  return (
    one.operation === what.operation &&
    one.backing === what.backing &&
    one.state === what.state &&
    one.amount === what.amount
  );
}

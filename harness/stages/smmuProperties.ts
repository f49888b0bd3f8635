// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import type { Properties } from '../qemu/args.ts';

/** What may be chosen about the SMMU, by QEMU's names for it (`docs/smmuv3.md`), and the values of each. */
const CHOICES: Readonly<Record<string, readonly (string | number)[]>> = {
  httu: [0, 1, 2],
  stall: ['off', 'on', 'forced'],
  oas: [32, 36, 40, 42, 44, 48, 52],
  // Entries; 0 makes every access walk the tables.
  'iotlb-size': [0, 256],
};

/** Reads properties of the SMMU as `--smmu` takes them: `httu=2,stall=forced`. */
export function parseSmmuProperties(text: string): Properties {
  return Object.fromEntries(text.split(',').map(parseProperty));
}

function parseProperty(word: string): [string, string | number] {
  const [name = '', value = ''] = word.split(/=(.*)/s);
  const values = Object.hasOwn(CHOICES, name) ? CHOICES[name] : undefined;
  if (!values) {
    throw new UsageError(`--smmu: there is no property ${word}`, {
      hint: `choose among ${Object.keys(CHOICES).join(', ')}, as in httu=2,stall=forced`,
    });
  }
  const chosen = values.find((one) => `${one}` === value);
  if (chosen !== undefined) return [name, chosen];
  throw new UsageError(`--smmu ${name} is one of ${values.join(', ')}, not ${value || 'nothing'}`);
}

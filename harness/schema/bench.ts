// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { inputs } from './results.ts';

/** The version of the document; a change that breaks a reader gets a new number. */
export const BENCH_SCHEMA = 'pinlab.bench/1';

/** What one call costs. */
export const figure = z.strictObject({
  /** `PIN`, `munlock`, `fork` … */
  operation: z.string(),
  /** The kind of memory. */
  backing: z.string(),
  /** What that memory was like before the call. */
  state: z.string(),
  /** Bytes, or for `one of so many ranges` how many. */
  amount: z.int().positive(),
  instructions: z.int().nonnegative(),
});

/** A figure on which the boots do not agree: what each counted. */
export const unproven = z.strictObject({
  ...figure.omit({ instructions: true }).shape,
  counted: z.array(z.int().nonnegative()),
});

/** `bench.json`: instructions of the guest's CPU, each counted alike by two boots at least. */
export const bench = z.strictObject({
  schema: z.literal(BENCH_SCHEMA),
  pinlab: z.strictObject({ version: z.string() }),
  command: z.array(z.string()),
  inputs: inputs.pick({ kernel: true, qemu: true, guestTests: true }),
  /** The QEMU command line, without the program and without where its files were. */
  arguments: z.array(z.string()),
  boots: z.int().positive(),
  figures: z.array(figure),
  unproven: z.array(unproven),
});

export type Figure = z.infer<typeof figure>;
export type Unproven = z.infer<typeof unproven>;
export type Bench = z.infer<typeof bench>;

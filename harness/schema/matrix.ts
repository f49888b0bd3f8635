// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { inputs, splat } from './results.ts';

/** The version of the document; a change that breaks a reader gets a new number. */
export const MATRIX_SCHEMA = 'pinlab.matrix/2';

const count = z.int().nonnegative();

/** What is known of a cell; `lost` is every cell's first outcome. */
export const outcome = z.enum([
  'measured',
  'not applicable',
  'inconclusive',
  'prevented',
  'failed',
  'lost',
]);

/** Of the run in which the device used the object all the time, from the event on. */
const during = z.strictObject({
  /** Until the device had gone over the object once more. */
  stalls: count,
  /** Pages of 4 KiB that are no longer where they were. */
  moved: count,
  /** The device was refused while the event went on. */
  aborted: z.boolean(),
  /** How often the device went over the whole object. */
  passes: count,
});

const told = z.strictObject({
  /** The event. */
  row: z.string(),
  /** The protection, by the guest's name. */
  column: z.string(),
  outcome,
  /** Why there is no measurement. */
  reason: z.string().optional(),
  /** Pages of 4 KiB that the device touched again after the event. */
  pages: count.optional(),
  /** How often it stalled on them, as it counted itself. */
  stalls: count.optional(),
  /** Pages of 4 KiB that are no longer where they were. */
  moved: count.optional(),
  /** CPU or device saw bytes that do not belong there, in either run. */
  wrong: z.boolean().optional(),
  /** The device was refused when it touched the object again, in either run. */
  aborted: z.boolean().optional(),
  during: during.optional(),
});

/** What the guest says of one cell. That nothing is known of a busy device is no zero. */
export const measured = told.refine(
  ({ outcome, during }) => outcome !== 'measured' || during !== undefined,
);

/** One cell of the matrix: an event, a protection, a machine. */
export const matrixCell = z.strictObject({ machine: z.string(), ...told.shape });

/** Who makes an event happen: the kernel by itself, or a process that asks for it. */
export const cause = z.enum(['kernel', 'process']);

/** Why the full series does not keep its promise in a row. */
export const reasonGiven = z.strictObject({
  row: z.string(),
  /** The machines that it is about; all without. */
  machines: z.array(z.string()).optional(),
  reason: z.string(),
});

/** What is checked in: the verdict of each cell, by machine, row and column. */
export const expectedMatrix = z.strictObject({
  reasons: z.array(reasonGiven),
  cells: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string()))),
});

const place = { machine: z.string(), row: z.string(), column: z.string() };

/** `matrix.json`. */
export const matrix = z.strictObject({
  schema: z.literal(MATRIX_SCHEMA),
  pinlab: z.strictObject({ version: z.string() }),
  command: z.array(z.string()),
  startedAt: z.iso.datetime(),
  durationMs: count,
  /** What the duration depends on. */
  host: z.strictObject({
    cpus: z.int().positive(),
    /** Guests side by side. */
    jobs: z.int().positive(),
  }),
  inputs: z.strictObject({
    kernels: z.array(inputs.shape.kernel),
    qemu: inputs.shape.qemu,
    guestTests: z.array(inputs.shape.guestTests),
  }),
  machines: z.array(z.string()),
  rows: z.array(z.strictObject({ name: z.string(), cause })),
  columns: z.array(z.string()),
  cells: z.array(matrixCell),
  splats: z.array(splat),
  /** Cells whose verdict is not the expected one; `expected` is absent where none is checked in. */
  changes: z.array(
    z.strictObject({ ...place, expected: z.string().optional(), found: z.string() }),
  ),
  /** Cells of the full series that a kernel-started event disturbed. */
  broken: z.array(z.strictObject({ ...place, found: z.string(), reason: z.string().optional() })),
  /** What ended the run before every cell was filled. */
  error: z.string().optional(),
  summary: z.strictObject({
    cells: count,
    conclusive: count,
    inconclusive: count,
    notApplicable: count,
    lost: count,
    wrong: count,
    changed: count,
    /** Of `broken`, those without a reason. */
    broken: count,
    splats: count,
    exitCode: z.int(),
  }),
});

export type Measured = z.infer<typeof measured>;
export type MatrixCell = z.infer<typeof matrixCell>;
export type Cause = z.infer<typeof cause>;
export type ExpectedMatrix = z.infer<typeof expectedMatrix>;
export type Matrix = z.infer<typeof matrix>;

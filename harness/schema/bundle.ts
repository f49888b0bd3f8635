// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** The version of the document; a change that breaks a reader gets a new number. */
export const BUNDLE_SCHEMA = 'pinlab.bundle/1';

/** A file or directory of the cache, and what it held when the test ran. */
const artifact = z.strictObject({ path: z.string(), sha256: z.string() });
const properties = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** `bundle.json`: everything it takes to run one test again, given that the cache still has it. */
export const bundle = z.strictObject({
  schema: z.literal(BUNDLE_SCHEMA),
  test: z.strictObject({
    id: z.string(),
    program: z.string(),
    name: z.string(),
    source: z.strictObject({ file: z.string(), line: z.int() }).optional(),
  }),
  /** The run that it is from, which also makes the artifacts anew. */
  command: z.array(z.string()),
  artifacts: z.strictObject({
    qemu: artifact,
    kernel: artifact,
    vmlinux: artifact,
    driver: artifact,
    selftest: artifact,
    image: artifact,
    guestTests: artifact,
  }),
  /** The directory that the kernel was built from, as its debug information names it. */
  kernelSource: z.string(),
  configSha256: z.string(),
  machine: z.strictObject({
    kernel: z.string(),
    initrd: z.string(),
    cpu: z.string(),
    cpus: z.int(),
    memoryMiB: z.int(),
    smmu: properties,
    testDevice: properties.optional(),
    devices: z.array(z.string()),
    append: z.array(z.string()),
    extra: z.array(z.string()),
  }),
  testTimeoutMs: z.int(),
  bootTimeoutMs: z.int(),
});

export type Bundle = z.infer<typeof bundle>;
export type Artifact = z.infer<typeof artifact>;

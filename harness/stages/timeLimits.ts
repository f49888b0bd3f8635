// SPDX-License-Identifier: MIT
import { slowdown } from '../kernel/fragments.ts';

/** What a user may set by hand, in seconds. */
export interface ChosenLimits {
  flavour: string;
  /** What a test is allowed where nothing was set by hand. */
  usualTestSeconds?: number | undefined;
  testTimeout?: number | undefined;
  bootTimeout?: number | undefined;
}

const TEST_SECONDS = 60;
const BOOT_SECONDS = 60;

/** How long a test and a boot may take before they count as hung. */
export function timeLimits(limits: ChosenLimits) {
  const { flavour, usualTestSeconds = TEST_SECONDS, testTimeout, bootTimeout } = limits;
  return {
    testTimeoutMs: (testTimeout ?? usualTestSeconds * slowdown(flavour)) * 1000,
    bootTimeoutMs: (bootTimeout ?? BOOT_SECONDS * slowdown(flavour)) * 1000,
  };
}

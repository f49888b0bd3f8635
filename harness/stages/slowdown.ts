// SPDX-License-Identifier: MIT

/**
 * What a guest with the base kernel takes from power-on to ready on an idle machine like those that
 * CI rents; the timeouts in this project are written for such a guest.
 */
const REFERENCE_READY_MS = 2_000;

/**
 * How many times slower than the timeouts assume a guest is that took `readyMs` to boot: a busy
 * machine, or a kernel that checks itself. At least 1, since no timeout is generous enough to shrink.
 */
export function slowdownOf(readyMs: number): number {
  return Math.max(1, Math.round((readyMs / REFERENCE_READY_MS) * 10) / 10);
}

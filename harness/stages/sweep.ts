// SPDX-License-Identifier: MIT
import { sweepTemporary } from '../host/temporary.ts';

/** Removes what runs that were killed have left in TMPDIR; leaves alone what another run uses. */
export async function sweep(): Promise<void> {
  await sweepTemporary();
}

// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';

/** BusyBox keeps its applets' names sorted, each with its zero, an empty one at the end. */
const FIRST_NAMES = '[\0[[\0';

/** The commands that a BusyBox binary has, read from the file because this host may be unable to run it. */
export function appletNames(busybox: Buffer): string[] {
  const start = busybox.indexOf(FIRST_NAMES, 0, 'latin1');
  const end = busybox.indexOf('\0\0', start, 'latin1');
  if (end < 0) {
    throw new InfraError('busybox contains no list of its commands');
  }
  return busybox.toString('latin1', start, end).split('\0');
}

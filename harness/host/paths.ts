// SPDX-License-Identifier: MIT
import { access } from 'node:fs/promises';

/** Whether something is at `path`. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary.ts';

/** A file without a name: it takes no room once this process has ended, however that came about. */
export interface UnlinkedFile extends AsyncDisposable {
  /** A name for it that other processes of this user can open meanwhile (proc_pid_fd(5)). */
  readonly path: string;
}

/** Opens an empty file without a name. */
export async function unlinkedFile(): Promise<UnlinkedFile> {
  await using directory = await temporaryDirectory('file');
  const handle = await open(join(directory.path, 'file'), 'w+', 0o600);
  return {
    path: `/proc/${process.pid}/fd/${handle.fd}`,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

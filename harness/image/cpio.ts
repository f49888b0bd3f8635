// SPDX-License-Identifier: MIT

/** One file of an initramfs; every file belongs to root. */
export interface Entry {
  /** Without a leading slash. */
  path: string;
  /** Type and permissions, as in stat(2). */
  mode: number;
  /** A file's bytes or a symbolic link's target. */
  data?: Buffer;
}

export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/**
 * The archive in cpio's `newc` format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
 * Equal entries give equal bytes; neither root nor cpio(1) is needed.
 */
export function cpio(entries: readonly Entry[]): Buffer {
  const trailer = record({ path: 'TRAILER!!!', mode: 0 }, 0);
  return Buffer.concat([
    ...entries.flatMap((entry, index) => record(entry, index + 1)),
    ...trailer,
  ]);
}

function record({ path, mode, data = Buffer.alloc(0) }: Entry, inode: number): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(data)];
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

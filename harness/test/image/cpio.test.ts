// SPDX-License-Identifier: MIT
import test from 'ava';
import { cpio } from '../../image/cpio.ts';
import { directory, file, link } from '../../image/tree.ts';

interface Record {
  path: string;
  mode: number;
  data: string;
}

/** Reads what cpio(5) says of the format, independently of the writer. */
function unpack(archive: Buffer): Record[] {
  const records: Record[] = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    if (archive.toString('latin1', at, at + 6) !== '070701') throw new Error(`no header at ${at}`);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const dataAt = align(at + 110 + nameSize);
    const path = archive.toString('latin1', at + 110, at + 110 + nameSize - 1);
    records.push({ path, mode, data: archive.toString('latin1', dataAt, dataAt + size) });
    at = align(dataAt + size);
  }
  return records;
}

function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

test('directories, files and links keep type, permissions and content', (t) => {
  const archive = cpio([
    directory('root', 0o700),
    file('root/key', 'secret', 0o600),
    file('init', Buffer.from('#!/bin/sh\n'), 0o755),
    link('bin/sh', 'busybox'),
  ]);
  t.deepEqual(unpack(archive), [
    { path: 'root', mode: 0o040700, data: '' },
    { path: 'root/key', mode: 0o100600, data: 'secret' },
    { path: 'init', mode: 0o100755, data: '#!/bin/sh\n' },
    { path: 'bin/sh', mode: 0o120777, data: 'busybox' },
    { path: 'TRAILER!!!', mode: 0, data: '' },
  ]);
});

test('names and data of every length stay aligned', (t) => {
  const entries = [1, 2, 3, 4, 5].map((length) => file('n'.repeat(length), 'd'.repeat(length)));
  const read = unpack(cpio(entries)).slice(0, -1);
  t.deepEqual(
    read.map(({ path, data }) => [path.length, data.length]),
    [1, 2, 3, 4, 5].map((length) => [length, length]),
  );
});

test('equal entries give equal bytes, and each file an inode of its own', (t) => {
  const entries = [file('a', 'x'), file('b', 'x')];
  const archive = cpio(entries);
  t.deepEqual(archive, cpio(entries));
  const inodes = [...archive.toString('latin1').matchAll(/070701([0-9a-f]{8})[0-9a-f]{96}/g)].map(
    ([, inode]) => inode,
  );
  t.is(new Set(inodes).size, 3);
});

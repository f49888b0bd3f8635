// SPDX-License-Identifier: MIT
import test from 'ava';
import { directory, file, standardDirectories, withParents } from '../../image/tree.ts';

test('a missing parent comes before its first child, once', (t) => {
  const entries = withParents([file('a/b/c', ''), file('a/b/d', ''), file('e', '')]);
  t.deepEqual(
    entries.map(({ path }) => path),
    ['a', 'a/b', 'a/b/c', 'a/b/d', 'e'],
  );
});

test('a parent that is there keeps its permissions', (t) => {
  const entries = withParents([directory('root', 0o700), file('root/key', '')]);
  t.deepEqual(
    entries.map(({ path, mode }) => [path, mode & 0o777]),
    [
      ['root', 0o700],
      ['root/key', 0o644],
    ],
  );
});

test('the mount points that init needs are there', (t) => {
  const paths = standardDirectories().map(({ path }) => path);
  for (const path of ['proc', 'sys', 'dev', 'tmp']) t.true(paths.includes(path));
});

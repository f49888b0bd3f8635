// SPDX-License-Identifier: MIT
import test from 'ava';
import { droppedOptions, parseConfig } from '../../kernel/config.ts';

test('reads set and unset options, and ignores comments', (t) => {
  const config = parseConfig(
    '# why\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x y"\n\nCONFIG_D=8\n',
  );
  t.deepEqual(
    [...config],
    [
      ['A', 'y'],
      ['B', 'n'],
      ['C', '"x y"'],
      ['D', '8'],
    ],
  );
});

test('a later fragment overrides an earlier one', (t) => {
  t.is(parseConfig('CONFIG_A=y\n# CONFIG_A is not set\n').get('A'), 'n');
});

test('an option that is absent from the final configuration was dropped', (t) => {
  const requested = parseConfig('CONFIG_KEPT=y\nCONFIG_GONE=y\nCONFIG_CHANGED=8\n');
  const final = parseConfig('CONFIG_KEPT=y\nCONFIG_CHANGED=4\n');
  t.deepEqual(droppedOptions(requested, final), [
    { name: 'GONE', requested: 'y', actual: 'n' },
    { name: 'CHANGED', requested: '8', actual: '4' },
  ]);
});

test('an option that was to be off and does not exist is no breach', (t) => {
  t.deepEqual(droppedOptions(parseConfig('# CONFIG_X is not set'), parseConfig('')), []);
});

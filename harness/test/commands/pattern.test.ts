// SPDX-License-Identifier: MIT
import test from 'ava';
import { pattern } from '../../commands/pattern.ts';
import { UsageError } from '../../errors.ts';

test('a regular expression is taken as it is', (t) => {
  t.is(pattern('--grep')('^pin:.*\\.it$'), '^pin:.*\\.it$');
  t.is(pattern('--grep')(''), '');
});

for (const text of ['(', '[', '*', 'a{2,1}', '(?<n>']) {
  test(`${text} is refused before anything runs, by the option's name`, (t) => {
    const error = t.throws(() => pattern('--rows')(text), { instanceOf: UsageError });
    t.regex(error.message, /^--rows takes a regular expression: /);
    t.truthy(error.hint);
  });
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import { MOST_SECONDS, wholeNumber } from '../../commands/wholeNumber.ts';
import { UsageError } from '../../errors.ts';

const read = wholeNumber('--retries', 0, MOST_SECONDS);

test('decimal digits within the bounds are a number', (t) => {
  t.deepEqual(['0', '7', '007', '86400'].map(read), [0, 7, 7, 86_400]);
});

for (const text of ['', ' ', ' 1', 'NaN', '-1', '1.5', '1e3', '0x10', 'Infinity', '86401']) {
  test(`'${text}' is refused, and the bounds are named`, (t) => {
    const error = t.throws(() => read(text), { instanceOf: UsageError });
    t.is(error.message, `--retries takes a whole number from 0 to 86400, not ${text || 'nothing'}`);
  });
}

test('a number beyond what is exact is refused', (t) => {
  t.throws(() => wholeNumber('--seed', 1, 10 ** 15)('9007199254740993'), {
    instanceOf: UsageError,
  });
});

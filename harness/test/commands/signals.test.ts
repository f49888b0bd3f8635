// SPDX-License-Identifier: MIT
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { untilInterrupted } from '../../commands/signals.ts';

test.serial('Ctrl-C is a request to stop, unless another program has the terminal', (t) => {
  using interrupts = untilInterrupted();
  {
    using _ = interrupts.hold();
    process.emit('SIGINT', 'SIGINT');
    t.false(interrupts.signal.aborted);
  }
  process.emit('SIGINT', 'SIGINT');
  t.true(interrupts.signal.aborted);
});

test.serial('a request to terminate is obeyed whoever has the terminal', (t) => {
  using interrupts = untilInterrupted();
  using _ = interrupts.hold();
  process.emit('SIGTERM', 'SIGTERM');
  t.true(interrupts.signal.aborted);
});

test.serial(
  'the first request leaves the process alive, whatever else listens; the second ends it',
  async (t) => {
    const alone = process.listenerCount('SIGTERM');
    using interrupts = untilInterrupted();
    let during = 0;
    // Asked after our own listener, which came first.
    const other = () => {
      during = process.listenerCount('SIGTERM');
    };
    process.on('SIGTERM', other);
    process.emit('SIGTERM', 'SIGTERM');
    process.off('SIGTERM', other);
    t.true(interrupts.signal.aborted);
    t.is(during, alone + 2, 'ours and the other');
    await setImmediate();
    t.is(process.listenerCount('SIGTERM'), alone);
  },
);

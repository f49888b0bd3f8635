// SPDX-License-Identifier: MIT
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

// SPDX-License-Identifier: MIT
import test from 'ava';
import { hiddenTools } from '../../kernel/build.ts';

test('the host’s Rust and pahole are hidden, whose versions .config would record', (t) => {
  t.deepEqual(hiddenTools('CONFIG_IKCONFIG=y\n'), ['RUSTC=false', 'PAHOLE=false']);
});

test('a tool that an option uses is not hidden', (t) => {
  t.deepEqual(hiddenTools('CONFIG_RUST=y\n'), ['PAHOLE=false']);
  t.deepEqual(hiddenTools('CONFIG_DEBUG_INFO_BTF=y\nCONFIG_RUST=n\n'), ['RUSTC=false']);
});

// SPDX-License-Identifier: MIT

import test from 'ava';
import {
  decodeSplat,
  frameAddress,
  frameKey,
  parseAddr2line,
  withLocations,
} from '../../splat/decode.ts';
import { sampleSplat } from '../schema/sample.ts';

const OUTPUT = `0xffff800080012340
try_get_folio
/src/linux/./mm/gup.c:77
try_grab_folio
/src/linux/mm/gup.c:123 (discriminator 3)
0xffff800080012380
??
??:0
0xffff8000800123c0
el0_svc
/src/linux/arch/arm64/kernel/entry-common.c:700
`;

test('addr2line with inlined functions, unknown addresses and discriminators', (t) => {
  t.deepEqual(parseAddr2line(OUTPUT, '/src/linux'), [
    [
      { symbol: 'try_get_folio', file: 'mm/gup.c', line: 77 },
      { symbol: 'try_grab_folio', file: 'mm/gup.c', line: 123 },
    ],
    [],
    [{ symbol: 'el0_svc', file: 'arch/arm64/kernel/entry-common.c', line: 700 }],
  ]);
});

test('a root that is only a prefix of a name is not taken off', (t) => {
  const text = '0x1\nf\n/src/linux-next/mm/gup.c:7\n';
  t.is(parseAddr2line(text, '/src/linux')[0]?.[0]?.file, '/src/linux-next/mm/gup.c');
  t.is(parseAddr2line(text, '/src/linux-next/')[0]?.[0]?.file, 'mm/gup.c');
});

test('nothing and nonsense decode to nothing', (t) => {
  t.deepEqual(parseAddr2line('', '/'), []);
  t.deepEqual(parseAddr2line("addr2line: 'x': No such file\n", '/'), []);
  t.deepEqual(parseAddr2line('0x1\nf\n??:?\n', '/'), [[]]);
});

test('inlined functions become frames of their own, innermost first', (t) => {
  const [inlined = []] = parseAddr2line(OUTPUT, '/src/linux');
  const frames = [
    { symbol: 'try_grab_folio', offset: '0x1c', module: 'm' },
    { symbol: 'unknown', offset: '0x1' },
  ];
  t.deepEqual(withLocations(frames, new Map([['try_grab_folio+0x1c [m]', inlined]])), [
    { symbol: 'try_get_folio', module: 'm', file: 'mm/gup.c', line: 77 },
    { symbol: 'try_grab_folio', offset: '0x1c', module: 'm', file: 'mm/gup.c', line: 123 },
    { symbol: 'unknown', offset: '0x1' },
  ]);
});

test('a module and the kernel do not share keys', (t) => {
  t.not(
    frameKey({ symbol: 'f', offset: '0x1' }, 0),
    frameKey({ symbol: 'f', offset: '0x1', module: 'm' }, 0),
  );
});

test('the innermost frame is where it happened, the others are the calls before their returns', (t) => {
  t.is(frameAddress({ symbol: 'f', offset: '0x10' }, 0), 'f+0x10');
  t.is(frameAddress({ symbol: 'f', offset: '0x10' }, 1), 'f+0xf');
});

test('a return to the start of a function is the end of the one before, and named for it', (t) => {
  t.is(frameAddress({ symbol: 'f', offset: '0x0' }, 0), 'f+0x0');
  const after = { symbol: 'cause_refcount', offset: '0x0', module: 'm' };
  const key = frameKey(after, 1);
  t.is(key, 'cause_refcount+0xffffffffffffffff [m]');
  const located = new Map([[key, [{ symbol: 'cause_panic', file: 'a.c', line: 37 }]]]);
  t.deepEqual(withLocations([{ symbol: 'panic', offset: '0x36c' }, after], located)[1], {
    ...{ symbol: 'cause_panic', module: 'm', file: 'a.c', line: 37 },
  });
});

test('decoding keeps the fingerprint', (t) => {
  const splat = sampleSplat({ frames: [{ symbol: 'f', offset: '0x1' }] });
  const decoded = decodeSplat(
    splat,
    new Map([['f+0x1 []', [{ symbol: 'f', file: 'a.c', line: 1 }]]]),
  );
  t.is(decoded.fingerprint, splat.fingerprint);
  t.is(decoded.frames[0]?.file, 'a.c');
});

// SPDX-License-Identifier: MIT
import test from 'ava';
import { LineSplitter, MAX_LINE_LENGTH } from '../../host/lines.ts';

function split(...chunks: (string | Buffer)[]) {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk as string)));
  return { lines, end: splitter.end() };
}

test('a line may arrive in pieces and several in one', (t) => {
  t.deepEqual(split('on', 'e\ntwo\nth', 'ree\n'), { lines: ['one', 'two', 'three'], end: [] });
});

test('a carriage return before the newline is not part of the line', (t) => {
  t.deepEqual(split('one\r', '\ntw\ro\r\n').lines, ['one', 'tw\ro']);
});

test('what follows the last newline is the last line', (t) => {
  t.deepEqual(split('one\ntwo'), { lines: ['one'], end: ['two'] });
});

test('a character cut between two chunks is put together again', (t) => {
  const bytes = Buffer.from('é\n');
  t.deepEqual(split(bytes.subarray(0, 1), bytes.subarray(1)).lines, ['é']);
});

test('a stream without newlines comes in pieces of bounded length', (t) => {
  const { lines, end } = split('x'.repeat(MAX_LINE_LENGTH + 1), '\n');
  t.deepEqual(
    [...lines, ...end].map((line) => line.length),
    [MAX_LINE_LENGTH, 1],
  );
});

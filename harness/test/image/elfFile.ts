// SPDX-License-Identifier: MIT

/** Where a file's only PT_LOAD segment appears in memory: elsewhere than in the file. */
const LOAD_ADDRESS = 0x400000;

/** A minimal ELF-64 file with the given linkage, laid out header, program headers, dynamic tags, strings. */
export function elfFile({ interpreter, needed = [] }: { interpreter?: string; needed?: string[] }) {
  const strings = stringTable([interpreter ?? '', ...needed]);
  const headerCount = interpreter ? 3 : 2;
  const dynamicAt = 64 + 56 * headerCount;
  const tags = needed.map((name): [number, number] => [1, strings.offset(name)]);
  const dynamicSize = 16 * (tags.length + 3);
  const stringsAt = dynamicAt + dynamicSize;
  tags.push([5, LOAD_ADDRESS + stringsAt], [0, 0]);
  // What follows DT_NULL does not count.
  tags.push([1, 0]);
  const size = stringsAt + strings.bytes.length;
  return Buffer.concat([
    header(headerCount),
    segment(1, 0, LOAD_ADDRESS, size),
    segment(2, dynamicAt, LOAD_ADDRESS + dynamicAt, dynamicSize),
    ...(interpreter ? [segment(3, stringsAt + strings.offset(interpreter), 0, 1)] : []),
    ...tags.map(([tag, value]) => words(tag, value)),
    strings.bytes,
  ]);
}

function stringTable(names: string[]) {
  const text = `\0${names.join('\0')}\0`;
  return { bytes: Buffer.from(text), offset: (name: string) => text.indexOf(`\0${name}\0`) + 1 };
}

function header(programHeaders: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(programHeaders, 56);
  return bytes;
}

function segment(type: number, offset: number, address: number, size: number): Buffer {
  return Buffer.concat([words(type, offset, address, address, size, size, 8)]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => void bytes.writeBigUInt64LE(BigInt(value), 8 * index));
  return bytes;
}

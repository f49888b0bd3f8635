// SPDX-License-Identifier: MIT
import { InfraError } from '../errors.ts';

// ELF-64 object file format, version 1.5; arm64 is little-endian throughout.
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

export interface Linkage {
  /** The loader's absolute path; a static program and a library have none. */
  interpreter: string | undefined;
  /** The sonames that the loader looks for. */
  needed: string[];
}

/** What the ELF file `name` needs at run time. */
export function linkage(elf: Buffer, name: string): Linkage {
  if (!elf.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new InfraError(`${name} is not a 64-bit little-endian ELF file`);
  }
  const segments = programHeaders(elf);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  return {
    interpreter: interpreter && stringAt(elf, interpreter.offset),
    needed: neededBy(elf, segments),
  };
}

function programHeaders(elf: Buffer): Segment[] {
  const start = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const header = elf.subarray(start + index * size);
    return {
      type: header.readUInt32LE(0),
      offset: Number(header.readBigUInt64LE(8)),
      address: Number(header.readBigUInt64LE(16)),
      size: Number(header.readBigUInt64LE(32)),
    };
  });
}

function neededBy(elf: Buffer, segments: Segment[]): string[] {
  const tags = dynamicTags(elf, segments);
  const strings = tags.find(({ tag }) => tag === DT_STRTAB);
  if (!strings) return [];
  const table = fileOffset(strings.value, segments);
  return tags
    .filter(({ tag }) => tag === DT_NEEDED)
    .map(({ value }) => stringAt(elf, table + value));
}

function dynamicTags(elf: Buffer, segments: Segment[]) {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const tags: { tag: number; value: number }[] = [];
  for (let at = 0; dynamic && at < dynamic.size; at += 16) {
    const tag = Number(elf.readBigUInt64LE(dynamic.offset + at));
    if (tag === DT_NULL) break;
    tags.push({ tag, value: Number(elf.readBigUInt64LE(dynamic.offset + at + 8)) });
  }
  return tags;
}

function fileOffset(address: number, segments: Segment[]): number {
  const holder = segments.find(
    (segment) =>
      segment.type === PT_LOAD &&
      segment.address <= address &&
      address < segment.address + segment.size,
  );
  return holder ? address - holder.address + holder.offset : address;
}

function stringAt(elf: Buffer, offset: number): string {
  return elf.toString('latin1', offset, elf.indexOf(0, offset));
}

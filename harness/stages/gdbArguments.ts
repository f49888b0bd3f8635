// SPDX-License-Identifier: MIT

/** A module that the guest has loaded: its file with symbols, and where its sections are. */
export interface LoadedModule {
  file: string;
  /** Addresses by the sections' names, such as `.text`. */
  sections: Readonly<Record<string, string>>;
}

export interface GdbSession {
  vmlinux: string;
  /** The Unix socket of QEMU's gdbstub. */
  socket: string;
  /** The kernel's own commands for gdb (lx-…), where the build has them. */
  scripts?: string | undefined;
  modules: readonly LoadedModule[];
  /** Symbols of the kernel at which it stops. */
  breakpoints: readonly string[];
}

/** gdb's arguments for `session`, with the user's own after them. Pure, so tests compare them. */
export function gdbArguments(session: GdbSession, own: readonly string[]): string[] {
  const { vmlinux, socket, scripts, modules, breakpoints } = session;
  const commands = [
    'set pagination off',
    ...(scripts ? [`source ${scripts}`] : []),
    `target remote ${socket}`,
    ...modules.map(addSymbols),
    ...breakpoints.map((symbol) => `break ${symbol}`),
  ];
  return ['-q', ...commands.flatMap((command) => ['-ex', command]), ...own, vmlinux];
}

/** What `/sys/module/NAME/sections/` holds, as `head` prints it: a name a line, then its address. */
export function parseSections(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/^(\.\S+) (0x[0-9a-f]+)$/gm)];
  return Object.fromEntries(pairs.map(([, name = '', address = '']) => [name, address]));
}

/** Sections that hold code and data; the rest is gone once the module is initialised. */
const KEPT = ['.data', '.rodata', '.bss'];

function addSymbols({ file, sections }: LoadedModule): string {
  const others = KEPT.flatMap((name) => (sections[name] ? [`-s ${name} ${sections[name]}`] : []));
  return ['add-symbol-file', file, sections['.text'] ?? '0', ...others].join(' ');
}

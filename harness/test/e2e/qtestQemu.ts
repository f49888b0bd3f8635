// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Firmware of devices that QEMU's own tests plug in; Debian's source has none. */
const ROMS = ['efi-virtio.rom'];
const ROM_BYTES = 512;

/**
 * Writes to `directory` what QEMU's own tests can start as QEMU: `binary`, with an empty file for
 * each option ROM that it would not start without. No guest runs in these tests that could miss them.
 */
export async function qtestQemu(binary: string, directory: string): Promise<string> {
  for (const rom of ROMS) await writeFile(join(directory, rom), Buffer.alloc(ROM_BYTES));
  // The tests read the architecture from the end of the name.
  const script = join(directory, basename(binary));
  await writeFile(script, `#!/bin/sh\nexec '${binary}' -L '${directory}' "$@"\n`, { mode: 0o755 });
  return script;
}

// SPDX-License-Identifier: MIT
import { installPackages } from '../../host/packages.ts';
import { tryRun } from '../../host/spawn.ts';

/** Installs the Debian packages that only a test needs, unless they are there. */
export async function requirePackages(...names: string[]) {
  const missing = [];
  for (const name of names) {
    const { code } = await tryRun('dpkg', ['--status', name], { what: `look for ${name}` });
    if (code !== 0) missing.push({ name, reason: 'a test needs it' });
  }
  if (missing.length > 0) await installPackages(missing, () => undefined);
}

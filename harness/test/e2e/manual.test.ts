// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import test from 'ava';
import { run } from '../../host/spawn.ts';
import { requirePackages } from './packages.ts';
import { ROOT } from './pinlab.ts';

const PAGE = join(ROOT, 'docs/mempinfd.2');
/** UTF-8, and as wide as a terminal: what Debian checks manual pages with. */
const TERMINAL = { LC_ALL: 'C.UTF-8', MANWIDTH: '80' };

test('man renders the manual page without a warning', async (t) => {
  await requirePackages('man-db');
  const args = ['--warnings', '--encoding=UTF-8', '--local-file', PAGE];
  const { stdout, stderr } = await run('man', args, { what: 'render the page', env: TERMINAL });
  t.is(stderr, '');
  for (const heading of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'ERRORS', 'EXAMPLES', 'SEE ALSO']) {
    t.regex(stdout, new RegExp(`^${heading}$`, 'm'));
  }
});

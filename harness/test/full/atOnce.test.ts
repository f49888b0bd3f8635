// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { pinlab, readResults, temporaryDirectory } from '../e2e/pinlab.ts';
import { brokenFiles, throwawayCache } from '../e2e/throwawayCache.ts';

test.serial(
  'eight runs at once build what they lack once, and do not disturb each other',
  async (t) => {
    await using directory = await temporaryDirectory();
    const home = join(directory.path, 'cache');
    const cache = await throwawayCache(home);
    const outputs = Array.from({ length: 8 }, (_, i) => join(directory.path, `results-${i}`));
    const runs = outputs.map((output) =>
      pinlab(['run', 'rings', '--jobs', '1', '--output', output], { XDG_CACHE_HOME: home }),
    );
    const ended = await Promise.all(runs);
    for (const { code, tail } of ended) t.is(code, EXIT.ok, tail);
    const all = await Promise.all(outputs.map(readResults));
    const ids = all.map(({ tests }) => tests.map(({ id, status }) => `${status} ${id}`));
    for (const own of ids) t.deepEqual(own, ids[0]);
    t.true((ids[0] ?? []).length > 3);
    // They waited for one another's build: all booted the same image.
    t.is(new Set(all.map(({ inputs }) => inputs.image.sha256)).size, 1);
    for (const kind of ['image', 'guest-tests']) {
      const names = (await readdir(join(cache, kind))).filter((name) => !name.endsWith('.lock'));
      t.is(names.length, 1, kind);
    }
    t.deepEqual(await brokenFiles(cache, ['image', 'guest-tests']), []);
  },
);

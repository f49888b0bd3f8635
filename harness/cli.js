#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// JavaScript, so that an old Node can run it too, and because what is loaded before the cache of compiled sources is
// known would be compiled each time. `cli.ts` is a link to it: no Node before 22 loads a file of that name.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { cacheRoot } from './cacheRoot.js';
import { isRecentNode, runInOurNode } from './ourNode.js';

if (!isRecentNode()) process.exit(await runInOurNode(process.argv.slice(1)));

// Where there is no cache yet, making one is left to whom it is made for: it may be refused, and the reason is then told.
if (existsSync(cacheRoot())) module.enableCompileCache(join(cacheRoot(), 'compiled'));
const { main } = await import('./commands/main.ts');

const streams = [process.stdout, process.stderr];
// A reader that has seen enough, such as head(1), is no failure of ours.
for (const stream of streams) stream.on('error', () => undefined);

const code = await main(process.argv.slice(2));
// A pipe takes long documents in pieces; to exit before the last would cut them.
await Promise.all(streams.map((stream) => new Promise((written) => stream.write('', written))));
process.exit(code);

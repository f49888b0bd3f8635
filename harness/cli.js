#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// JavaScript, so that an old Node can say what it lacks, and because what is loaded before the cache of compiled
// sources is known would be compiled each time.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { cacheRoot } from './cacheRoot.js';

// The first with `await using`; it runs TypeScript unless it is told not to.
const LEAST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < LEAST_NODE || !process.features.typescript) {
  process.stderr.write(
    `pinlab: needs Node ${LEAST_NODE} or later and its TypeScript support, this is ${process.version}; npx pinlab and npm start bring their own\n`,
  );
  process.exit(3);
}
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

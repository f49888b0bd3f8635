#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { readEnvironment } from './commands/environment.ts';

const { cacheRoot } = readEnvironment();
// To compile the sources anew would take half of the time in which pinlab starts. Where there is no cache yet, making
// one is left to whom it is made for: it may be refused, and the reason is then told.
if (existsSync(cacheRoot)) enableCompileCache(join(cacheRoot, 'compiled'));
const { main } = await import('./commands/main.ts');

const streams = [process.stdout, process.stderr];
// A reader that has seen enough, such as head(1), is no failure of ours.
for (const stream of streams) stream.on('error', () => undefined);

const code = await main(process.argv.slice(2));
// A pipe takes long documents in pieces; to exit before the last would cut them.
await Promise.all(streams.map((stream) => new Promise((written) => stream.write('', written))));
process.exit(code);

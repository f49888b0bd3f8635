#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { main } from './commands/main.ts';

const streams = [process.stdout, process.stderr];
// A reader that has seen enough, such as head(1), is no failure of ours.
for (const stream of streams) stream.on('error', () => undefined);

const code = await main(process.argv.slice(2));
// A pipe takes long documents in pieces; to exit before the last would cut them.
await Promise.all(streams.map((stream) => new Promise((written) => stream.write('', written))));
process.exit(code);

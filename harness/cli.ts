// SPDX-License-Identifier: MIT
// For who types `node harness/cli.ts`: the program, with its check of Node and its cache of compiled sources.
import './cli.js';

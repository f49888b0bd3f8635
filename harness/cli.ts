// SPDX-License-Identifier: MIT
// For who types `node harness/cli.ts`: the program, with its cache of compiled sources. A Node that runs TypeScript and
// is still too old is told so there; one that does not refuses this file.
import './cli.js';

// SPDX-License-Identifier: MIT
// What is long: see harness/test/full/. The longest test is one of a hundred kills.
import e2e from './ava.e2e.config.js';

export default { ...e2e, files: ['harness/test/full/**/*.test.ts'], timeout: '60m' };

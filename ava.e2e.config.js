// SPDX-License-Identifier: MIT
// End-to-end tests on the real machine, one at a time: a guest has two CPUs, and so may the host.
export default {
  files: ['harness/test/e2e/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  serial: true,
  timeout: '30m',
};

// SPDX-License-Identifier: MIT
// Unit tests: seconds, no compiler, no QEMU.
export default {
  files: ['harness/test/**/*.test.ts', '!harness/test/e2e/**', '!harness/test/full/**'],
  extensions: ['ts'],
};

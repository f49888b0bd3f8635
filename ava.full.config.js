// SPDX-License-Identifier: MIT
// What is long: see harness/test/full/. The longest test is one of a hundred kills.
import { basename } from 'node:path';
import e2e from './ava.e2e.config.js';

// Of these two files at a time, the tests of each in order. Two of the three that take longest
// build patch by patch and boot nothing, so they go one after the other beside what waits for guests.
const FIRST = ['qemuSeries.test.ts', 'kernels.test.ts', 'series.test.ts'];

/** @param {string} file */
const place = (file) => {
  const index = FIRST.indexOf(basename(file));
  return index === -1 ? FIRST.length : index;
};

export default {
  ...e2e,
  files: ['harness/test/full/**/*.test.ts'],
  serial: false,
  concurrency: 2,
  /** @type {(a: string, b: string) => number} */
  sortTestFiles: (a, b) => place(a) - place(b) || a.localeCompare(b),
  timeout: '60m',
};

// SPDX-License-Identifier: MIT

/** A line of `TH_LOG()`: where a test said something, and what. */
export interface AssertionSite {
  file: string;
  line: number;
  message: string;
}

/** The assertion that `line` reports failed (`kselftest_harness.h`, `__EXPECT`). */
export function assertionIn(line: string): AssertionSite | undefined {
  const [, file, number, message] = /^# ([^:\s]+):(\d+):[^:]+:(Expected .*)$/.exec(line) ?? [];
  if (!file || !number || !message) return undefined;
  return { file, line: Number(number), message };
}

/** What the framework prints around every test, whatever happens in it. */
const PROGRESS = [
  /^# +RUN {2,}\S+ \.\.\.$/,
  /^# +(?:OK|FAIL) {2}\S+$/,
  /^# Starting \d+ tests from \d+ test cases\.$/,
  /^# (?:PASSED|FAILED): \d+ \/ \d+ tests passed\.$/,
  /^# Totals: pass:\d+ fail:\d+ xfail:\d+ xpass:\d+ skip:\d+ error:\d+$/,
];

/** Whether `line` only says that the framework is at work. */
export function isProgress(line: string): boolean {
  return PROGRESS.some((pattern) => pattern.test(line));
}

// SPDX-License-Identifier: MIT

/** One line that the kernel printed. */
export interface ConsoleLine {
  /** Seconds since boot; undefined where the line carries no time. */
  time: number | undefined;
  /** `T70` a task, `C1` a CPU in interrupt context (CONFIG_PRINTK_CALLER); '' where absent. */
  caller: string;
  text: string;
}

/** The prefix of a printk line: a syslog level, the time, the caller. */
const PREFIX = /(?:<\d+>)?\[ *(\d+\.\d{6})\](?:\[ *([CT]\d+)\])? ?/g;

/**
 * The printk lines on one console line. There are several where the console took one line into the
 * middle of another, and text of user space may stand in front of the first.
 */
export function consoleLines(raw: string): ConsoleLine[] {
  const line = raw.replace(/\r+$/, '');
  const prefixes = [...line.matchAll(PREFIX)];
  const [first] = prefixes;
  if (!first) return [{ time: undefined, caller: '', text: line }];
  const before = line.slice(0, first.index);
  const lead = before === '' ? [] : [{ time: undefined, caller: '', text: before }];
  const kernel = prefixes.map((prefix, i) => ({
    time: Number(prefix[1]),
    caller: prefix[2] ?? '',
    text: line.slice(prefix.index + prefix[0].length, prefixes[i + 1]?.index).trimEnd(),
  }));
  return [...lead, ...kernel];
}

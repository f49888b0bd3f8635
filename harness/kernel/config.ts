// SPDX-License-Identifier: MIT

/** Kconfig options by name without `CONFIG_`; a value is as `.config` writes it, `n` for an option that is off. */
export type Config = ReadonlyMap<string, string>;

const SET = /^CONFIG_(\w+)=(.*)$/;
const UNSET = /^# CONFIG_(\w+) is not set$/;

/** The options that a fragment asks for, or that a `.config` holds. Comments and blank lines are free. */
export function parseConfig(text: string): Config {
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const set = SET.exec(line.trim());
    const unset = UNSET.exec(line.trim());
    if (set) options.set(set[1] as string, set[2] as string);
    if (unset) options.set(unset[1] as string, 'n');
  }
  return options;
}

/** The first line of a fragment that is neither an option nor a comment; make would skip it in silence. */
export function strayLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('#') && !SET.test(line));
}

export interface DroppedOption {
  name: string;
  requested: string;
  /** What the final configuration holds instead. */
  actual: string;
}

/** The options that were requested and did not survive into the final configuration. */
export function droppedOptions(requested: Config, final: Config): DroppedOption[] {
  return [...requested].flatMap(([name, value]) => {
    const actual = final.get(name) ?? 'n';
    return actual === value ? [] : [{ name, requested: value, actual }];
  });
}

// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, DroppedOption } from './config.ts';
import { type Expression, parseExpression, symbolsOf, unmetTerms } from './expression.ts';

/** One `config` or `menuconfig` block. */
export interface Definition {
  /** `mm/Kconfig:412`, relative to the tree. */
  where: string;
  /** Its own `depends on` and those of the blocks around it. */
  dependsOn: string[];
  /** Whether a user can set it; the condition is among `dependsOn`. */
  hasPrompt: boolean;
}

/** Every option that a tree's Kconfig files define; an option may be defined more than once. */
export type Kconfig = ReadonlyMap<string, readonly Definition[]>;

/** Reads the Kconfig files of `tree`, starting at its root, for one architecture. */
export function readKconfig(tree: string, architecture: string): Kconfig {
  const reader = new Reader(tree, architecture);
  reader.file('Kconfig', []);
  return reader.options;
}

/** Differs where any Kconfig file of `tree` does; much faster than to understand them. */
export function hashKconfig(tree: string, architecture: string): string {
  const hash = createHash('sha256');
  const read = (path: string) => {
    const full = join(tree, path);
    if (!existsSync(full)) return;
    const text = readFileSync(full, 'utf8');
    hash.update(`${path}\n${text}`);
    for (const [, source = ''] of text.matchAll(SOURCE)) read(expand(source, architecture));
  };
  read('Kconfig');
  return hash.digest('hex');
}

const SOURCE = /^[ \t]*source[ \t]+("[^"\n]+")/gm;

/** The file that `source` names. */
function expand(source: string, architecture: string): string {
  return source.replaceAll('"', '').replaceAll('$(SRCARCH)', architecture);
}

/** Why `dropped` is not in the final configuration, as a sentence for a person. */
export function explainDropped(kconfig: Kconfig, final: Config, dropped: DroppedOption): string {
  const wish = `CONFIG_${dropped.name}=${dropped.requested} was requested, .config has ${dropped.actual}`;
  const definitions = kconfig.get(dropped.name);
  if (!definitions) return `${wish}: this kernel has no such option`;
  return `${wish}: ${definitions.map((definition) => explain(definition, final)).join('; ')}`;
}

function explain(definition: Definition, final: Config): string {
  const unmet = definition.dependsOn.flatMap((source) => {
    const expression = parseExpression(source);
    return expression ? unmetTerms(expression, final) : [];
  });
  if (unmet.length > 0) {
    return `${definition.where} depends on ${unmet.map((term) => describe(term, final)).join(' and ')}`;
  }
  if (!definition.hasPrompt) {
    return `${definition.where} has no prompt: only an option that selects it can turn it on`;
  }
  return `${definition.where} has its dependencies: another option selects it or a choice excludes it`;
}

function describe(term: Expression, final: Config): string {
  const values = symbolsOf(term).map((name) => `${name}=${final.get(name) ?? 'n'}`);
  return `${term.text} (${values.join(', ')})`;
}

/** A pass over Kconfig text that follows `source` and keeps the conditions around each option. */
class Reader {
  readonly options = new Map<string, Definition[]>();
  readonly #tree: string;
  readonly #architecture: string;

  constructor(tree: string, architecture: string) {
    this.#tree = tree;
    this.#architecture = architecture;
  }

  file(path: string, around: readonly string[]) {
    const full = join(this.#tree, path);
    // A glob or a macro in `source` names files that hold no option we ask for.
    if (!existsSync(full)) return;
    const block = new Block(around);
    for (const { text, number } of joinedLines(readFileSync(full, 'utf8'))) {
      this.#line(text, `${path}:${number}`, block);
    }
  }

  #line(text: string, where: string, block: Block) {
    const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*)$/.exec(text) ?? [];
    if (block.inHelp(text, word)) return;
    switch (word) {
      case 'config':
      case 'menuconfig':
        return this.#define(rest, where, block);
      case 'source':
        return this.file(expand(rest, this.#architecture), block.conditions());
      case 'depends':
        return block.depends(rest.replace(/^on\s+/, ''));
      default:
        return block.keyword(word, rest);
    }
  }

  #define(name: string, where: string, block: Block) {
    const definition = { where, dependsOn: block.conditions(), hasPrompt: false };
    this.options.set(name, [...(this.options.get(name) ?? []), definition]);
    block.enter(definition);
  }
}

/** Where in a file the reader is: the enclosing `if` and `menu` blocks and the current option. */
class Block {
  readonly #stack: { kind: string; conditions: string[] }[];
  #option: Definition | undefined;
  #helpIndent: number | undefined;
  #awaitHelp = false;

  constructor(around: readonly string[]) {
    this.#stack = [{ kind: 'file', conditions: [...around] }];
  }

  conditions(): string[] {
    return this.#stack.flatMap(({ conditions }) => conditions);
  }

  enter(option: Definition) {
    this.#option = option;
  }

  depends(condition: string) {
    // Directly below an option it is the option's; otherwise it belongs to the enclosing menu or choice.
    if (this.#option) this.#option.dependsOn.push(condition);
    else this.#stack.at(-1)?.conditions.push(condition);
  }

  keyword(word: string, rest: string) {
    if (['if', 'menu', 'choice'].includes(word)) this.#open(word, rest);
    else if (['endif', 'endmenu', 'endchoice'].includes(word)) this.#close();
    else if (word === 'comment') this.#option = { where: '', dependsOn: [], hasPrompt: false };
    else if (word === 'help') this.#awaitHelp = true;
    else this.#prompt(word, rest);
  }

  /** Help text ends with the first line indented less than its own first line. */
  inHelp(text: string, word: string): boolean {
    if (!this.#awaitHelp && this.#helpIndent === undefined) return false;
    if (word === '') return true;
    const indent = indentation(text);
    if (this.#awaitHelp) {
      this.#awaitHelp = false;
      this.#helpIndent = indent > 0 ? indent : undefined;
    } else if (indent < (this.#helpIndent ?? 0)) {
      this.#helpIndent = undefined;
    }
    return this.#helpIndent !== undefined;
  }

  #open(kind: string, rest: string) {
    this.#option = undefined;
    this.#stack.push({ kind, conditions: kind === 'if' ? [rest] : [] });
  }

  #close() {
    this.#option = undefined;
    if (this.#stack.length > 1) this.#stack.pop();
  }

  #prompt(word: string, rest: string) {
    const typed = /^(bool|tristate|string|int|hex|prompt)$/.test(word);
    const prompt = typed ? /^"(?:[^"\\]|\\.)*"(?:\s+if\s+(.*))?/.exec(rest) : null;
    if (!prompt || !this.#option) return;
    this.#option.hasPrompt = true;
    if (prompt[1]) this.#option.dependsOn.push(prompt[1]);
  }
}

function indentation(text: string): number {
  return (/^\s*/.exec(text)?.[0] ?? '').replaceAll('\t', '        ').length;
}

function* joinedLines(text: string): Generator<{ text: string; number: number }> {
  let pending = '';
  for (const [index, line] of text.split('\n').entries()) {
    const joined = pending + line;
    if (joined.endsWith('\\')) {
      pending = `${joined.slice(0, -1)} `;
      continue;
    }
    pending = '';
    yield { text: joined.replace(/(^|\s)#.*$/, ''), number: index + 1 };
  }
}

// SPDX-License-Identifier: MIT

import { printable } from '../schema/printable.ts';
import { Diagnostics } from './diagnostics.ts';
import { type Directive, type Line, type LineContent, readLine } from './line.ts';

/** One result line, with what came before it. */
export interface KtapResult {
  number: number;
  name: string;
  /** The line's own word and directive, before plans and subtests are considered. */
  ok: boolean;
  directive?: Directive;
  /** What follows the directive, or the `#`. */
  data: string;
  diagnostics: string[];
  subtests?: KtapDocument;
}

/** A stream, or the part of it that belongs to one test with subtests. */
export interface KtapDocument {
  plan?: number;
  /** The reason, where the plan says that everything was skipped. */
  skip?: string;
  results: KtapResult[];
  /** What came after the last result. */
  diagnostics: string[];
  /** Breaches of the format. A document with one proves nothing. */
  errors: string[];
}

/** A stream with more results than this is hostile. */
const MAX_RESULTS = 10_000;
/** Diagnostics beyond this many characters in one stream are dropped. */
const MAX_KEPT = 4 * 1024 * 1024;
const MAX_NESTING = 16;
const MAX_ERRORS = 20;

type Result = Extract<LineContent, { kind: 'result' }>;

interface Open {
  depth: number;
  document: KtapDocument;
  diagnostics: Diagnostics;
  hasVersion: boolean;
  /** A nested document that ended and waits for its parent's result. */
  closed?: KtapDocument | undefined;
  resultsBeforePlan: number;
}

/** Reads a KTAP stream line by line, in bounded memory. It judges nothing. */
export class KtapParser {
  readonly #stack: [Open, ...Open[]] = [open(0)];
  #results = 0;
  #kept = 0;

  push(raw: string) {
    const line = readLine(raw);
    switch (line.kind) {
      case 'version':
        return this.#version(line, raw);
      case 'plan':
        return this.#plan(line, raw);
      case 'result':
        return this.#result(line, raw);
      case 'bailOut':
        return this.#bailOut(line, raw);
      default:
        return this.#top.diagnostics.push(raw);
    }
  }

  /** Takes a line that is no part of the stream, but belongs beside it. */
  note(raw: string) {
    this.#top.diagnostics.push(raw);
  }

  /** The document, once the stream has ended. */
  end(): KtapDocument {
    this.#closeDeeperThan(0);
    const [root] = this.#stack;
    if (!root.hasVersion) fault(root.document, 'no version line');
    return this.#finish(root);
  }

  get #top(): Open {
    return this.#stack.at(-1) ?? this.#stack[0];
  }

  #version({ depth }: Line, raw: string) {
    const level = this.#enter(depth, raw);
    if (!level) return;
    if (level.hasVersion) fault(level.document, 'a second version line');
    level.hasVersion = true;
  }

  #plan(line: Line & { count: number; skip?: string }, raw: string) {
    const level = this.#enter(line.depth, raw);
    if (!level) return;
    if (level.document.plan !== undefined) return fault(level.document, 'a second plan');
    level.document.plan = line.count;
    level.resultsBeforePlan = level.document.results.length;
    if (line.skip !== undefined) level.document.skip = printable(line.skip);
  }

  #result(line: Line & Result, raw: string) {
    const known = this.#stack.some(({ depth }) => depth === line.depth);
    if (!known) return this.#top.diagnostics.push(raw);
    this.#closeDeeperThan(line.depth);
    this.#results += 1;
    if (this.#results > MAX_RESULTS) return fault(this.#top.document, 'too many results');
    this.#add(this.#top, line);
  }

  #bailOut({ depth, reason }: Line & { reason: string }, raw: string) {
    if (depth > 0) return this.#top.diagnostics.push(raw);
    fault(this.#stack[0].document, `bail out: ${printable(reason)}`);
  }

  /** The level of a line that opens or describes one: deeper than the last one means a new one. */
  #enter(depth: number, raw: string): Open | undefined {
    this.#closeDeeperThan(depth);
    if (depth === this.#top.depth) return this.#top;
    if (this.#stack.length >= MAX_NESTING) {
      this.#top.diagnostics.push(raw);
      return undefined;
    }
    this.#stack.push(open(depth));
    return this.#top;
  }

  #closeDeeperThan(depth: number) {
    while (this.#stack.length > 1 && this.#top.depth > depth) {
      const document = this.#finish(this.#stack.pop() as Open);
      if (this.#top.closed) fault(this.#top.document, 'subtests without a result of their parent');
      this.#top.closed = document;
    }
  }

  #add(level: Open, { ok, number, name, directive, data }: Result) {
    const { document, closed } = level;
    const expected = document.results.length + 1;
    if (number !== undefined && number !== expected) {
      fault(document, `result ${number} where ${expected} was due`);
    }
    document.results.push({
      number: number ?? expected,
      name: printable(name),
      ok,
      ...(directive ? { directive } : {}),
      data: printable(data),
      diagnostics: this.#keep(level),
      ...(closed ? { subtests: closed } : {}),
    });
    level.closed = undefined;
  }

  #finish(level: Open): KtapDocument {
    const { document, closed, resultsBeforePlan } = level;
    document.diagnostics = this.#keep(level);
    if (closed) fault(document, 'subtests without a result of their parent');
    checkPlan(document, resultsBeforePlan);
    return document;
  }

  #keep(level: Open): string[] {
    const lines = level.diagnostics.lines();
    level.diagnostics = new Diagnostics();
    this.#kept += lines.reduce((sum, line) => sum + line.length, 0);
    return this.#kept > MAX_KEPT ? ['… dropped …'] : lines;
  }
}

/** The document that `lines` are. */
export function parseKtap(lines: Iterable<string>): KtapDocument {
  const parser = new KtapParser();
  for (const line of lines) parser.push(line);
  return parser.end();
}

function open(depth: number): Open {
  const document = { results: [], diagnostics: [], errors: [] };
  return {
    depth,
    document,
    diagnostics: new Diagnostics(),
    hasVersion: false,
    resultsBeforePlan: 0,
  };
}

function checkPlan(document: KtapDocument, resultsBeforePlan: number) {
  const { plan, results } = document;
  if (plan === undefined) return fault(document, 'no plan');
  if (plan !== results.length) {
    fault(document, `planned ${plan} tests, saw ${results.length} results`);
  }
  if (resultsBeforePlan > 0 && resultsBeforePlan < results.length) {
    fault(document, 'the plan stands between results');
  }
}

function fault(document: KtapDocument, message: string) {
  if (document.errors.length < MAX_ERRORS) document.errors.push(message);
}

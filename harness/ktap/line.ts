// SPDX-License-Identifier: MIT

/** The directives that change a result; others are text (KTAP, "Test case result lines"). */
export type Directive = 'SKIP' | 'TODO' | 'XFAIL' | 'XPASS' | 'TIMEOUT' | 'ERROR';

export type LineContent =
  | { kind: 'version'; text: string }
  | { kind: 'plan'; count: number; skip?: string }
  | {
      kind: 'result';
      ok: boolean;
      number?: number;
      name: string;
      directive?: Directive;
      data: string;
    }
  | { kind: 'bailOut'; reason: string }
  | { kind: 'other'; text: string };

/** One line: what it says, and how deeply it is nested (the length of its prefix). */
export type Line = LineContent & { depth: number };

/** Longer lines say nothing of KTAP's. */
const MAX_LENGTH = 4096;

const TIMESTAMP = /^\[ *\d+\.\d+\](?:\[ *[CT]\d+\])? ?/;
/** Nesting is indentation (KTAP, TAP 14), or `# ` where kselftest's runner prefixed it. */
const PREFIX = /^(?:# | {2}|\t)*/;
const VERSION = /^(?:KTAP version [12]|TAP version 1[34])\s*$/;
const PLAN = /^1\.\.(\d{1,6})(?:\s+#\s*(.*)|\s*)$/s;
const RESULT = /^(ok|not ok)(?: +(\d{1,6}))?(?: +(.*)|\s*)$/s;
const BAIL_OUT = /^Bail out!\s*(.*)$/s;
const DIRECTIVE = /^(SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR)(?:PED)?(?::\s*|\s+|$)(.*)$/is;

/** What `raw` says in any of KTAP 1 and 2, TAP 13 and 14. Text that only resembles it is `other`. */
export function readLine(raw: string): Line {
  const text = raw.replace(TIMESTAMP, '').replace(/\r$/, '');
  const prefix = PREFIX.exec(text)?.[0] ?? '';
  const depth = prefix.length;
  if (raw.length > MAX_LENGTH) return { kind: 'other', text, depth };
  return { ...readContent(text.slice(depth), text), depth };
}

function readContent(rest: string, whole: string): LineContent {
  if (VERSION.test(rest)) return { kind: 'version', text: rest.trimEnd() };
  const plan = PLAN.exec(rest);
  if (plan) return readPlan(Number(plan[1]), plan[2]);
  const bailOut = BAIL_OUT.exec(rest);
  if (bailOut) return { kind: 'bailOut', reason: bailOut[1] ?? '' };
  return readResult(rest) ?? { kind: 'other', text: whole };
}

function readPlan(count: number, comment: string | undefined): LineContent {
  const directive = DIRECTIVE.exec(comment ?? '');
  const skips = directive?.[1]?.toUpperCase() === 'SKIP';
  return skips ? { kind: 'plan', count, skip: directive?.[2] ?? '' } : { kind: 'plan', count };
}

function readResult(rest: string): LineContent | undefined {
  const [match, verdict, number, description = ''] = RESULT.exec(rest) ?? [];
  if (match === undefined) return undefined;
  // "ok" may begin a sentence. TAP allows results without a number; KTAP does not.
  if (number === undefined && !/^(?:$|- )/.test(description)) return undefined;
  return {
    kind: 'result',
    ok: verdict === 'ok',
    ...(number === undefined ? {} : { number: Number(number) }),
    ...splitDescription(description),
  };
}

/** Cuts a description at its first `#` that no backslash escapes (TAP 14). */
function splitDescription(description: string) {
  const [, name = '', comment = ''] = /^((?:\\.|[^#\\])*)(?:#\s*(.*))?$/s.exec(description) ?? [
    '',
    description,
  ];
  const [, word, data = ''] = DIRECTIVE.exec(comment) ?? [];
  const plain = {
    name: name
      .replace(/^- /, '')
      .replace(/\\([#\\])/g, '$1')
      .trim(),
  };
  if (word === undefined) return { ...plain, data: comment };
  return { ...plain, directive: word.toUpperCase() as Directive, data };
}

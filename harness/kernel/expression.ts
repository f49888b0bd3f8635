// SPDX-License-Identifier: MIT
import type { Config } from './config.ts';

/**
 * A Kconfig dependency, as `Documentation/kbuild/kconfig-language.rst` ("Menu dependencies") defines it.
 * `text` is the source of that part.
 */
export type Expression =
  | { kind: 'symbol'; name: string; text: string }
  | { kind: 'compare'; left: string; operator: string; right: string; text: string }
  | { kind: 'not'; operand: Expression; text: string }
  | { kind: 'and' | 'or'; left: Expression; right: Expression; text: string };

const TOKEN =
  /\s*(\|\||&&|!=|<=|>=|[=<>!()]|"[^"]*"|'[^']*'|\$\((?:[^()]|\([^()]*\))*\)|[\w./-]+)/y;
const COMPARISONS = ['=', '!=', '<', '>', '<=', '>='];

/** Parses one expression; undefined when the text is not one. */
export function parseExpression(source: string): Expression | undefined {
  const tokens = tokenize(source);
  if (!tokens || tokens.length === 0) return undefined;
  const parsed = parseOr(tokens);
  return tokens.length === 0 ? parsed : undefined;
}

/** Tristate value under `config`: 0 is n, 1 is m, 2 is y. A macro call counts as met. */
export function evaluate(expression: Expression, config: Config): 0 | 1 | 2 {
  switch (expression.kind) {
    case 'symbol':
      return tristate(symbolValue(expression.name, config));
    case 'compare':
      return compare(expression, config) ? 2 : 0;
    case 'not':
      return (2 - evaluate(expression.operand, config)) as 0 | 1 | 2;
    case 'and':
      return min(evaluate(expression.left, config), evaluate(expression.right, config));
    case 'or':
      return max(evaluate(expression.left, config), evaluate(expression.right, config));
  }
}

/** The top-level conjuncts of `expression` that are off under `config`. */
export function unmetTerms(expression: Expression, config: Config): Expression[] {
  if (expression.kind === 'and') {
    return [...unmetTerms(expression.left, config), ...unmetTerms(expression.right, config)];
  }
  return evaluate(expression, config) === 0 ? [expression] : [];
}

/** The option names that `expression` speaks of. */
export function symbolsOf(expression: Expression): string[] {
  switch (expression.kind) {
    case 'symbol':
      return isConstant(expression.name) ? [] : [expression.name];
    case 'compare':
      return [expression.left, expression.right].filter((name) => !isConstant(name));
    case 'not':
      return symbolsOf(expression.operand);
    default:
      return [...symbolsOf(expression.left), ...symbolsOf(expression.right)];
  }
}

function tokenize(source: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const text = source.trimEnd();
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return undefined;
    tokens.push(token);
  }
  return tokens;
}

function parseOr(tokens: string[]): Expression | undefined {
  return parseBinary(tokens, '||', 'or', parseAnd);
}

function parseAnd(tokens: string[]): Expression | undefined {
  return parseBinary(tokens, '&&', 'and', parseUnary);
}

function parseBinary(
  tokens: string[],
  operator: string,
  kind: 'and' | 'or',
  operand: (tokens: string[]) => Expression | undefined,
): Expression | undefined {
  let left = operand(tokens);
  while (left && tokens[0] === operator) {
    tokens.shift();
    const right = operand(tokens);
    if (!right) return undefined;
    left = { kind, left, right, text: `${left.text} ${operator} ${right.text}` };
  }
  return left;
}

function parseUnary(tokens: string[]): Expression | undefined {
  const token = tokens.shift();
  if (token === '!') {
    const operand = parseUnary(tokens);
    return operand && { kind: 'not', operand, text: `!${operand.text}` };
  }
  if (token === '(') {
    const inner = parseOr(tokens);
    if (tokens.shift() !== ')' || !inner) return undefined;
    return { ...inner, text: `(${inner.text})` };
  }
  if (token === undefined || /^[|&=<>)]/.test(token)) return undefined;
  return COMPARISONS.includes(tokens[0] ?? '') ? parseCompare(token, tokens) : symbol(token);
}

function parseCompare(left: string, tokens: string[]): Expression | undefined {
  const operator = tokens.shift() as string;
  const right = tokens.shift();
  if (right === undefined) return undefined;
  return { kind: 'compare', left, operator, right, text: `${left} ${operator} ${right}` };
}

function symbol(name: string): Expression {
  return { kind: 'symbol', name, text: name };
}

function compare(expression: Extract<Expression, { kind: 'compare' }>, config: Config): boolean {
  const left = symbolValue(expression.left, config);
  const right = symbolValue(expression.right, config);
  const order = Number.isNaN(Number(left) + Number(right))
    ? left.localeCompare(right)
    : Number(left) - Number(right);
  switch (expression.operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    default:
      return order >= 0;
  }
}

function symbolValue(name: string, config: Config): string {
  if (name.startsWith('$(')) return 'y';
  if (isConstant(name)) return name.replace(/^["']|["']$/g, '');
  return (config.get(name) ?? 'n').replace(/^"|"$/g, '');
}

function isConstant(name: string): boolean {
  return /^(["'$].*|[ymn]|-?\d+|0x[\da-fA-F]+)$/.test(name);
}

function tristate(value: string): 0 | 1 | 2 {
  return value === 'y' ? 2 : value === 'm' ? 1 : 0;
}

function min(a: 0 | 1 | 2, b: 0 | 1 | 2): 0 | 1 | 2 {
  return a < b ? a : b;
}

function max(a: 0 | 1 | 2, b: 0 | 1 | 2): 0 | 1 | 2 {
  return a > b ? a : b;
}

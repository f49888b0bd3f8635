// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readEnvironment } from '../../commands/environment.ts';
import { openReporters } from '../../commands/reporters.ts';
import { UsageError } from '../../errors.ts';
import { report } from '../../report/reporter.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';

test('why a run ended is said while workflow commands are still stopped', async (t) => {
  const output = await mkdtemp(join(tmpdir(), 'reporters-'));
  const environment = { ...readEnvironment({}), githubStepSummary: undefined };
  const said = await writtenToStderr(async () => {
    const reporters = openReporters(['github', 'list'], output, environment);
    const results = sampleResults([sampleTest()]);
    await report(reporters, { type: 'runStart', planned: [] });
    await report(reporters, { type: 'runEnd', results, explanation: '::error::forged' });
  });
  const lines = said.split('\n').filter((line) => line.startsWith('::') || line.includes('in '));
  t.is(lines.length, 4);
  t.regex(lines[0] ?? '', /^::stop-commands::/);
  t.regex(lines[1] ?? '', /^passed: /);
  t.is(lines[2], '::error::forged');
  t.regex(lines[3] ?? '', /^::[0-9a-f]+::$/);
  await rm(output, { recursive: true });
});

test('two documents are never mixed on standard output, and one is not printed twice', (t) => {
  const environment = readEnvironment({});
  const open = (...names: string[]) => openReporters(names, tmpdir(), environment);
  const error = t.throws(() => open('list', 'json', 'ktap'), { instanceOf: UsageError });
  t.is(error.message, 'json and ktap would be mixed on standard output');
  t.truthy(error.hint);
  t.is(open('json', 'list', 'json').length, open('json', 'list').length);
});

async function writtenToStderr(action: () => Promise<void>): Promise<string> {
  const { write } = process.stderr;
  let text = '';
  process.stderr.write = (chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  };
  try {
    await action();
  } finally {
    process.stderr.write = write;
  }
  return text;
}

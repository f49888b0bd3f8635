// SPDX-License-Identifier: MIT
import { appendFile, cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../errors.ts';
import { run, start } from '../../host/spawn.ts';
import { ROOT, readResults, temporaryDirectory } from './pinlab.ts';

test('a saved source is built and judged again, until Ctrl-C', async (t) => {
  await using directory = await temporaryDirectory();
  const checkout = join(directory.path, 'checkout');
  await copyCheckout(checkout);
  const output = join(directory.path, 'results');
  const args = ['run', 'rings', '--watch', '--output', output];
  await using child = start(process.execPath, [join(checkout, 'harness/cli.js'), ...args], {
    what: 'watch',
    env: { CI: 'true' },
  });
  const said = follow(child.stderr);
  await said.until(/^watching \d+ directories/m);
  const first = await readResults(output);
  await appendFile(
    join(checkout, 'guest-tests/rings.c'),
    '\nstatic const char added[] __attribute__((used)) = "saved again";\n',
  );
  await said.until(/^changed: \S*guest-tests\/rings\.c$/m);
  await said.until(/^watching \d+ directories[\s\S]*^watching \d+ directories/m);
  const second = await readResults(output);
  t.not(second.inputs.guestTests.sha256, first.inputs.guestTests.sha256);
  t.is(second.summary.exitCode, EXIT.ok);
  process.kill(child.pid, 'SIGINT');
  t.like(await child.exited, { code: EXIT.interrupted });
});

/** What git knows of the checkout, with the same packages. */
async function copyCheckout(to: string) {
  const { stdout } = await run('git', ['ls-files', '-z'], { what: 'list the files', cwd: ROOT });
  for (const file of stdout.split('\0').filter(Boolean)) await cp(join(ROOT, file), join(to, file));
  await symlink(join(ROOT, 'node_modules'), join(to, 'node_modules'));
}

function follow(stream: NodeJS.ReadableStream) {
  let text = '';
  let wake = () => undefined as unknown;
  stream.on('data', (chunk: Buffer) => {
    text += chunk;
    wake();
  });
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text))
      await new Promise<unknown>((resolve) => {
        wake = () => resolve(undefined);
      });
  };
  return { until };
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import { Ssh } from '../../guest/ssh.ts';
import { CoverageCollector, parseCounts } from '../../stages/coverage.ts';
import type { Workspace } from '../../stages/workspace.ts';
import { serve } from '../guest/server.ts';

test('what a guest prints is taken apart into its files', (t) => {
  const bytes = Buffer.from('adcg\0\xff= x\n', 'latin1');
  const encoded = bytes.toString('base64');
  const text = `= .//trees/mm/a.gcda\n${encoded.slice(0, 4)}\n${encoded.slice(4)}\n= ./b.gcda\n`;
  const counts = parseCounts(text);
  t.deepEqual([...counts.keys()], ['.//trees/mm/a.gcda', './b.gcda']);
  t.true(counts.get('.//trees/mm/a.gcda')?.equals(bytes));
  t.deepEqual(parseCounts(''), new Map());
});

test('a guest that hangs keeps its counts, and holds nobody up', async (t) => {
  t.timeout(10_000);
  const never = new Promise<void>(() => undefined);
  await using server = await serve(() => undefined, never);
  await using ssh = await Ssh.connect(server.address, { timeoutMs: 10_000 });
  const { signal } = new AbortController();
  const collector = new CoverageCollector({ signal } as Workspace, new Map());
  await collector.collect({ ssh, within: () => 20 });
  t.deepEqual((await collector.result()).guests, { counted: 0, lost: 1 });
});

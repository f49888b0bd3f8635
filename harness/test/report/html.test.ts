// SPDX-License-Identifier: MIT

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { HtmlReporter } from '../../report/html.ts';
import { htmlText } from '../../report/htmlPage.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';
import { CONTROLS, hostileResults } from './hostile.ts';

const red = sampleTest({
  name: 'red',
  status: 'fail',
  reason: 'Expected 1 < 2',
  counters: { descriptors: 1, aborts: 0, stalls: 16 },
  splats: ['warning-0123456789ab'],
});

test('a failing test comes first, open, with its reason, counters and splat', (t) => {
  const page = htmlText(sampleResults([sampleTest({ name: 'green' }), red], [sampleSplat()]));
  t.true(page.indexOf('mempinfd:red') < page.indexOf('<code>mempinfd:green'));
  t.true(page.includes('<details open><summary><code>mempinfd:red</code> Expected 1 &lt; 2'));
  t.true(
    page.includes('<th>time</th><th>stalls</th><th>translations</th><th>descriptors</th></tr>'),
  );
  t.true(
    page.includes('<td class="count">16</td><td class="count"></td><td class="count">1</td></tr>'),
  );
  t.false(page.includes('<th>aborts</th>'));
  t.true(page.includes('<a href="#warning-0123456789ab">'));
  t.true(page.includes('id="warning-0123456789ab" open>'));
});

test('the command that runs a failing test again is whole', (t) => {
  const command = ['pinlab', 'run', '--series', 'x'.repeat(2000)];
  const page = htmlText({ ...sampleResults([red]), command });
  const again = `npx ${command.join(' ')} --grep &#39;^mempinfd:red$&#39;`;
  t.true(page.includes(`<p>again: <code>${again}</code></p>`));
});

test('a decoded frame shows its place and, where there is source, its line', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pinlab-html-'));
  const [frame] = sampleSplat().frames;
  const source = { first: 9, lines: ['{', '\tif (a < b)', '}'] };
  const splat = sampleSplat({ frames: [{ symbol: 'a', ...frame, source }, { symbol: 'b' }] });
  const results = sampleResults([red], [splat]);
  await new HtmlReporter(directory).runEnd({ type: 'runEnd', results });
  const page = await readFile(join(directory, 'report.html'), 'utf8');
  await rm(directory, { recursive: true });
  t.true(page.includes('<summary><code>mempinfd_pin+0x10 (mm/mempinfd.c:10)</code></summary>'));
  t.true(page.includes('    9  {\n<mark>   10          if (a &lt; b)</mark>\n   11  }</pre>'));
});

test('of reports that are alike the first is what a test links to: ids are unique', (t) => {
  const splat = sampleSplat();
  const page = htmlText(sampleResults([red], [splat, { ...splat, test: null }]));
  t.is(page.split('class="splat"').length - 1, 2);
  t.is(page.split('id="warning-0123456789ab"').length - 1, 1);
});

test('the verdict is the one of the results, and nothing ran is not passed', (t) => {
  t.true(htmlText(sampleResults([sampleTest()])).includes('<span class="pass">passed</span>'));
  const nothing = htmlText(sampleResults([]));
  t.true(nothing.includes('<span class="fail">nothing ran</span>'));
  t.true(nothing.includes('the run is not green: nothing ran'));
});

test('an allowed splat is shown with its reason, closed', (t) => {
  const page = htmlText(
    sampleResults([sampleTest()], [sampleSplat({ allowed: 'known, issue 7' })]),
  );
  t.true(page.includes('(allowed: known, issue 7)'));
  t.false(page.includes('id="warning-0123456789ab" open'));
});

test('the page loads nothing, runs nothing, and text of a hostile guest stays text', (t) => {
  const page = htmlText(hostileResults());
  t.true(page.includes("default-src 'none'; style-src 'unsafe-inline'"));
  t.notRegex(page, /<script|<img|<link|<iframe|\son\w+=|javascript:|https?:/i);
  t.notRegex(page, CONTROLS);
});

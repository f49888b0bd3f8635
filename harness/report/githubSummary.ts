// SPDX-License-Identifier: MIT

import type { RunFailed } from '../schema/events.ts';
import type { Results, Splat, TestResult } from '../schema/results.ts';
import { decidingAttempt } from '../schema/verdict.ts';
import { badSplats, badTests, frameText, summaryLine, verdictWord } from './describe.ts';
import { duration } from './duration.ts';
import { escapeLine, escapeLines } from './markup.ts';

/** GitHub refuses a step's summary above 1 MiB. */
const MAX_BYTES = 900 * 1024;

/**
 * The job summary. It is HTML throughout and has no empty line, which would end the HTML block
 * (CommonMark 0.31.2 section 4.6), so that no text of the guest can become Markdown; what is too
 * long loses its end and says so.
 */
export function githubSummary(results: Results): string {
  const { kernel } = results.inputs;
  const head = [
    `<h2>pinlab: ${verdictWord(results.summary)}</h2>`,
    `<p>${escapeLine(summaryLine(results))}</p>`,
    `<p>Linux ${escapeLine(kernel.version)}, ${escapeLine(kernel.flavour)}</p>`,
  ];
  const blocks = [
    ...badTests(results).map(testBlock),
    ...badSplats(results).map(splatBlock),
    testTable(results.tests),
  ];
  return `${fitting([...head, ...blocks]).join('\n')}\n`;
}

/** How much of the output of an error is shown: its last lines. */
const OUTPUT_LINES = 100;

/** The job summary of a run that ended before there were results; what a tool said is as safe as above. */
export function failureSummary({ message, output, hint }: RunFailed['error']): string {
  const tail = output?.split(/\r?\n/).slice(-OUTPUT_LINES);
  const blocks = [
    '<h2>pinlab: stopped by an error</h2>',
    `<p>${escapeLine(message)}</p>`,
    ...(hint ? [`<p>what to do: ${escapeLine(hint)}</p>`] : []),
    ...(tail ? [`<details open><summary>output</summary>${pre(tail.join('\n'))}</details>`] : []),
  ];
  return `${fitting(blocks).join('\n')}\n`;
}

/** As many of the blocks as fit; a note says how many did not. */
function fitting(blocks: readonly string[]): string[] {
  let room = MAX_BYTES;
  const kept = blocks.filter((block) => {
    const bytes = Buffer.byteLength(block) + 1;
    if (bytes > room) return false;
    room -= bytes;
    return true;
  });
  const dropped = blocks.length - kept.length;
  return dropped === 0 ? kept : [...kept, `<p>${dropped} more in results.json</p>`];
}

function testBlock({ id, status, reason = '', attempts }: TestResult): string {
  const said = decidingAttempt(attempts)?.diagnostics.join('\n') ?? '';
  const summary = `<summary>${status}: <code>${escapeLine(id)}</code> ${escapeLine(reason)}</summary>`;
  return `<details>${summary}${pre(said)}</details>`;
}

function splatBlock({ title, test, frames, text }: Splat): string {
  const during = test === null ? 'outside every test' : `during <code>${escapeLine(test)}</code>`;
  const summary = `<summary>splat: ${escapeLine(title)} ${during}</summary>`;
  const trace = frames.map(frameText).join('\n');
  return `<details>${summary}${pre(`${trace}\n\n${text}`)}</details>`;
}

function pre(text: string): string {
  return `<pre>${escapeLines(text).replaceAll('\n', '&#10;')}</pre>`;
}

function testTable(tests: readonly TestResult[]): string {
  const rows = tests.map(
    ({ id, status, durationMs, counters }) =>
      `<tr><td>${status}</td><td><code>${escapeLine(id)}</code></td>` +
      `<td>${duration(durationMs)}</td><td>${counters?.stalls ?? ''}</td></tr>`,
  );
  const head = '<tr><th>status</th><th>test</th><th>time</th><th>stalls</th></tr>';
  return `<details><summary>all tests</summary><table>${head}${rows.join('')}</table></details>`;
}

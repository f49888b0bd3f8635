// SPDX-License-Identifier: MIT

import { COMMAND_LENGTH } from '../schema/printable.ts';
import type { Attempt, Frame, Results, Splat, TestResult } from '../schema/results.ts';
import { isBad, isFlaky } from '../schema/verdict.ts';
import {
  failureRate,
  frameText,
  rerunCommand,
  runProblem,
  summaryLine,
  verdictWord,
} from './describe.ts';
import { duration } from './duration.ts';
import { htmlDocument } from './htmlDocument.ts';
import { escapeLine, escapeLines } from './markup.ts';

const STATUSES = ['fail', 'lost', 'skip', 'pass'] as const;

/** The whole page. */
export function htmlText(results: Results): string {
  const verdict = verdictWord(results.summary);
  const color = results.summary.exitCode === 0 ? 'pass' : 'fail';
  return htmlDocument({
    title: `pinlab: ${verdict}`,
    body: `<h1>pinlab: <span class="${color}">${verdict}</span></h1>
<p id="summary">${escapeLine(summaryLine(results))}</p>
${problemText(results)}${inputsTable(results)}
${splatsSection(results)}
${testsSection(results)}`,
  });
}

function problemText(results: Results): string {
  const problem = runProblem(results);
  return problem === undefined ? '' : `<p class="fail">${escapeLine(problem)}</p>\n`;
}

function inputsTable({ inputs, machine, command, startedAt, pinlab }: Results): string {
  const { kernel, qemu } = inputs;
  const { smmu } = machine;
  const rows: [string, string][] = [
    ['command', command.join(' ')],
    ['started', `${startedAt}, pinlab ${pinlab.version}`],
    ['kernel', `${kernel.version} from ${kernel.source}, ${kernel.flavour}, ${kernel.compiler}`],
    ['QEMU', `${qemu.version} with ${qemu.patches.length} patches`],
    [
      'machine',
      `${machine.cpus} × ${machine.cpu}, ${machine.memoryMiB} MiB, ${machine.accelerator}`,
    ],
    [
      'SMMU',
      `${smmu.ssidBits} bits of substream, stalls ${smmu.stall}, ` +
        `${smmu.oasBits} bits of address, HTTU ${smmu.httu}`,
    ],
  ];
  const cells = rows.map(
    ([name, value]) => `<tr><th>${name}</th><td>${escapeLine(value)}</td></tr>`,
  );
  return `<table id="inputs">${cells.join('')}${seriesRow(kernel.series)}</table>`;
}

/** Folded: a series has more parts than anybody wants to read before the verdict. */
function seriesRow(series: Results['inputs']['kernel']['series']): string {
  const names = series.map(({ name }) => `<li>${escapeLine(name)}</li>`).join('');
  const parts = `<details><summary>${series.length} parts</summary><ul>${names}</ul></details>`;
  return `<tr><th>series</th><td>${series.length === 0 ? 'none' : parts}</td></tr>`;
}

function splatsSection({ splats }: Results): string {
  if (splats.length === 0) return '';
  const ids = splats.map(({ fingerprint }) => fingerprint);
  // What is linked to is the first of those that are alike.
  const items = splats.map((splat, i) => splatDetails(splat, ids.indexOf(ids[i] ?? '') === i));
  return `<h2>Splats</h2>\n<section id="splats">\n${items.join('\n')}\n</section>`;
}

function splatDetails(splat: Splat, isTarget: boolean): string {
  const during = splat.test === null ? 'outside every test' : `during ${splat.test}`;
  const allowed = splat.allowed === undefined ? '' : ` (allowed: ${splat.allowed})`;
  const open = framesToOpen(splat.frames);
  const frames = splat.frames.map((frame) => frameItem(frame, open.has(frame))).join('\n');
  const id = isTarget ? ` id="${escapeLine(splat.fingerprint)}"` : '';
  return `<details class="splat"${id}${allowed ? '' : ' open'}>
<summary>${escapeLine(splat.title)} <small>${escapeLine(during + allowed)}</small></summary>
<ol>${frames}</ol>
<details><summary>console</summary><pre>${escapeLines(splat.text)}</pre></details>
</details>`;
}

/** Where a kernel says that something is wrong, which is not where it went wrong. */
const REPORTING =
  /^(?:lib\/(?:dump_stack|fault-inject)\.c|kernel\/panic\.c|arch\/\w+\/kernel\/(?:stacktrace|traps)\.c|mm\/kasan\/)/;

/** The frames whose source a reader wants to see: those of the series, or where it went wrong. */
function framesToOpen(frames: readonly Frame[]): ReadonlySet<Frame> {
  const known = frames.filter(({ source }) => source !== undefined);
  const own = known.filter(({ repository }) => repository !== undefined);
  if (own.length > 0) return new Set(own);
  return new Set(known.filter(({ file = '' }) => !REPORTING.test(file)).slice(0, 2));
}

function frameItem(frame: Frame, open: boolean): string {
  const text = `<code>${escapeLine(frameText(frame))}</code>`;
  if (!frame.source) return `<li>${text}</li>`;
  const source = sourceLines(frame, frame.source);
  return `<li><details${open ? ' open' : ''}><summary>${text}</summary>\n${source}</details></li>`;
}

function sourceLines(frame: Frame, { first, lines }: NonNullable<Frame['source']>): string {
  const shown = lines.map((line, i) => {
    const text = `${String(first + i).padStart(5)}  ${escapeLine(line.replaceAll('\t', ' '.repeat(8)))}`;
    return first + i === frame.line ? `<mark>${text}</mark>` : text;
  });
  return `<pre class="source">${shown.join('\n')}</pre>`;
}

function testsSection(results: Results): string {
  const longest = Math.max(1, ...results.tests.map(({ durationMs }) => durationMs));
  const names = counterNames(results.tests);
  const switches = STATUSES.map(
    (status) => `<label><input type="checkbox" id="show-${status}" checked> ${status}</label>`,
  ).join(' ');
  const heads = ['status', 'test', 'time', ...names].map((name) => `<th>${escapeLine(name)}</th>`);
  const ordered = [...results.tests].sort((a, b) => rank(a) - rank(b));
  const rows = ordered.map((test) => testRow(test, names, longest, results)).join('\n');
  return `<h2>Tests</h2>
<p class="switches">${switches}</p>
<div class="wide"><table id="tests">
<thead><tr>${heads.join('')}</tr></thead>
<tbody>
${rows}
</tbody>
</table></div>`;
}

function rank({ status }: TestResult): number {
  return STATUSES.indexOf(status);
}

/** What a reader looks for first: whether the device had to wait, and what it was refused. */
const FIRST_COUNTERS = ['stalls', 'translations', 'aborts'];

/** The counters that counted anything, the telling ones first, then in the device's order. */
function counterNames(tests: readonly TestResult[]): string[] {
  const counted = tests.flatMap(({ counters }) =>
    Object.entries(counters ?? {}).flatMap(([name, count]) => (count > 0 ? [name] : [])),
  );
  const names = new Set(counted);
  return [...new Set([...FIRST_COUNTERS.filter((name) => names.has(name)), ...names])];
}

function testRow(
  test: TestResult,
  names: readonly string[],
  longest: number,
  results: Results,
): string {
  const percent = ((test.durationMs / longest) * 100).toFixed(1);
  const counters = names.map((name) => `<td class="count">${test.counters?.[name] || ''}</td>`);
  const status = isFlaky(test) ? `pass, flaky: ${failureRate(test)}` : test.status;
  return `<tr class="${test.status}"><td class="status">${status}</td>
<td>${testCell(test, results)}</td>
<td class="time" style="--share:${percent}%">${duration(test.durationMs)}</td>${counters.join('')}</tr>`;
}

function testCell(test: TestResult, results: Results): string {
  const name = `<code>${escapeLine(test.id)}</code>`;
  const reason = test.reason === undefined ? '' : ` ${escapeLine(test.reason)}`;
  const said = test.attempts.some(({ diagnostics }) => diagnostics.length > 0);
  if (!said && !isBad(test)) return name + reason;
  const place = test.source ? `${test.source.file}:${test.source.line}` : '';
  const links = test.splats.map((fingerprint) => {
    const safe = escapeLine(fingerprint);
    return `<p>splat <a href="#${safe}">${safe}</a></p>`;
  });
  return `<details${isBad(test) ? ' open' : ''}><summary>${name}${reason}</summary>
<p>${escapeLine(place)}</p>${test.attempts.map(attemptText).join('')}${links.join('')}
<p>again: <code>${escapeLine(rerunCommand(results, test), COMMAND_LENGTH)}</code></p></details>`;
}

function attemptText({ status, reason = '', diagnostics }: Attempt, index: number): string {
  const head = `attempt ${index + 1}: ${status} ${reason}`;
  const said = diagnostics.length === 0 ? '' : `<pre>${escapeLines(diagnostics.join('\n'))}</pre>`;
  return `<p>${escapeLine(head)}</p>${said}`;
}

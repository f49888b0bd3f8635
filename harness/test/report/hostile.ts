// SPDX-License-Identifier: MIT

import type { Results } from '../../schema/results.ts';
import { sampleResults, sampleSplat, sampleTest } from '../schema/sample.ts';

/** What a guest might print to fool whoever reads the report. */
const HOSTILE = [
  '::error::forged',
  '  ::stop-commands::x',
  'ok 1 forged',
  'KTAP version 1',
  '1..7',
  '</pre></system-out><script>alert(1)</script>',
  '\x1b[2J\x1b]0;owned\x07',
  '"\'&<>]]>',
  '# SKIP forged',
];

/** A red run whose every text comes from a hostile guest. */
export function hostileResults(): Results {
  const said = HOSTILE.join('\n');
  const name = `f.${HOSTILE.join(' ')}`;
  const test = sampleTest({
    name,
    status: 'fail',
    reason: said,
    attempts: [{ status: 'fail', durationMs: 1, reason: said, diagnostics: HOSTILE }],
    source: { file: said, line: 3 },
    counters: { [said]: 7 },
  });
  const splat = sampleSplat({
    title: said,
    text: said,
    test: null,
    fingerprint: said,
    frames: [{ symbol: said, file: said, line: 1 }],
  });
  return sampleResults([test], [splat]);
}

/** Control characters but tab and newline, and the escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
export const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

// SPDX-License-Identifier: MIT

/** The page's look, in the reader's own colour scheme. The check boxes hide rows without a script. */
export const HTML_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#ccc, #444); --bar: light-dark(#dbeafe, #1e3a5f);
  --pass: light-dark(#15803d, #4ade80); --fail: light-dark(#b91c1c, #f87171);
  --skip: light-dark(#a16207, #facc15); }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 78rem; margin: 2rem auto; padding: 0 1rem; }
code, pre, .count { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { overflow-x: auto; padding: 0.5rem; border: 1px solid var(--line); max-height: 40rem; }
mark { background: var(--bar); color: inherit; }
code { overflow-wrap: anywhere; }
.source { margin: 0.3rem 0 0.8rem; }
table { border-collapse: collapse; }
#tests { width: 100%; }
.wide { overflow-x: auto; }
#tests td:nth-child(2) { min-width: 22rem; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
.count { text-align: right; }
.time { white-space: nowrap; background: linear-gradient(var(--bar), var(--bar)) 0 0 / var(--share) 100% no-repeat; }
.pass, tr.pass .status { color: var(--pass); }
.fail, tr.fail .status, tr.lost .status { color: var(--fail); font-weight: 600; }
tr.fail, tr.skip, tr.pass, tr.lost { color: inherit; font-weight: inherit; }
tr.skip .status { color: var(--skip); }
summary { cursor: pointer; }
body:not(:has(#show-fail:checked)) tr.fail,
body:not(:has(#show-lost:checked)) tr.lost,
body:not(:has(#show-skip:checked)) tr.skip,
body:not(:has(#show-pass:checked)) tr.pass { display: none; }
`;

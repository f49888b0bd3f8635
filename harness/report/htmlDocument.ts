// SPDX-License-Identifier: MIT
import { HTML_STYLE } from './htmlStyle.ts';
import { escapeLine } from './markup.ts';

/** No script and nothing from elsewhere: text of a guest could at worst look odd. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

export interface HtmlDocument {
  /** Plain text. */
  title: string;
  /** CSS that the page needs beyond the common look. */
  style?: string;
  /** Markup in which everything untrusted is escaped. */
  body: string;
}

/** A page in one file that loads nothing, runs nothing and has the look of all pages here. */
export function htmlDocument({ title, style = '', body }: HtmlDocument): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeLine(title)}</title>
<style>${HTML_STYLE}${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

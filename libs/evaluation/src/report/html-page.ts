import { element, escapeText } from '../plot/markup.ts';

/** A table with a caption; every cell is text and escaped here. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const row = (cells: readonly string[], tag: 'td' | 'th'): string => `<tr>${cells.map((cell, i) => `<${i === 0 && tag === 'td' ? 'th scope="row"' : tag === 'th' ? 'th scope="col"' : 'td'}>${escapeText(cell)}</${i === 0 || tag === 'th' ? 'th' : 'td'}>`).join('')}</tr>`;
  return `<div class="table"><table><caption>${escapeText(caption)}</caption><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('\n')}</tbody></table></div>`;
}

export const paragraph = (content: string): string => element('p', {}, escapeText(content));
export const heading = (level: 1 | 2 | 3, content: string): string => element(`h${level}`, {}, escapeText(content));
export const list = (items: readonly string[]): string => (items.length === 0 ? '' : `<ul>${items.map((item) => element('li', {}, escapeText(item))).join('')}</ul>`);

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d5dae0;--ground:#fff;--stripe:#f5f7f9}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#99a3ad;--line:#3a424b;--ground:#15191e;--stripe:#1d232a}}
body{margin:0 auto;max-width:76rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2.2rem 0 .5rem;border-top:1px solid var(--line);padding-top:1.2rem}h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{max-width:48rem}.figures{display:flex;flex-wrap:wrap;gap:1rem}.figures svg{max-width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
.table{overflow-x:auto}table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums;font-size:.92rem}caption{text-align:left;font-weight:600;padding:.2rem 0}
th,td{text-align:right;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line)}th:first-child{text-align:left}thead th{color:var(--soft);font-weight:500;vertical-align:bottom}tbody th{font-weight:500}tbody tr:nth-child(even){background:var(--stripe)}
footer{color:var(--soft);font-size:.9rem;margin-top:2.5rem}
`;

/** One self-contained page: loads nothing, runs nothing. */
export const page = (title: string, body: readonly string[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeText(title)}</title><style>${STYLE}</style></head>
<body>${body.filter((part) => part !== '').join('\n')}</body></html>
`;

import { BoopError } from '@boop/shared';

const malformed = (): BoopError => new BoopError('csv.malformed', 'the text is not CSV of the documented form');

/** A spreadsheet runs what begins like this (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180 with CRLF; text that a spreadsheet would run as a formula is preceded by an apostrophe. */
export function formatCsv(header: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [header, ...rows].map((row) => row.map(formatField).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function formatField(value: string): string {
  const harmless = FORMULA.test(value) && !/^-?[0-9]+$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * Parses RFC 4180 strictly: the given header, the same number of fields in every line, quotes only around whole fields.
 * @returns the lines after the header
 * @throws BoopError `csv.malformed`, `csv.too-large`
 */
export function parseCsv(text: string, header: readonly string[], limits: { readonly rowsMax: number; readonly fieldMax: number }): string[][] {
  const rows = readRows(text, limits);
  const [first, ...rest] = rows;
  if (!first || first.length !== header.length || first.some((name, at) => name !== header[at])) throw malformed();
  if (rest.some((row) => row.length !== header.length)) throw malformed();
  return rest;
}

function readRows(text: string, { rowsMax, fieldMax }: { rowsMax: number; fieldMax: number }): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [field, end] = text[at] === '"' ? quotedField(text, at) : plainField(text, at);
    if (field.length > fieldMax) throw tooLarge();
    row.push(field);
    if (text[end] === ',') {
      at = end + 1;
      // A comma at the very end is followed by an empty field.
      if (at === text.length) throw malformed();
      continue;
    }
    rows.push(row);
    // The header is no row.
    if (rows.length > rowsMax + 1) throw tooLarge();
    row = [];
    at = lineEnd(text, end);
  }
  return rows;
}

const tooLarge = (): BoopError => new BoopError('csv.too-large', 'the CSV has too many lines or too long a field');

function plainField(text: string, from: number): [string, number] {
  let end = from;
  while (end < text.length && !',\r\n'.includes(text[end]!)) {
    if (text[end] === '"') throw malformed();
    end++;
  }
  return [text.slice(from, end), end];
}

function quotedField(text: string, from: number): [string, number] {
  let field = '';
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw malformed();
    field += text.slice(at, quote);
    if (text[quote + 1] !== '"') return [field, quote + 1];
    field += '"';
    at = quote + 2;
  }
}

/** Where the next line begins; a lone line feed is taken too, as most tools write it. */
function lineEnd(text: string, at: number): number {
  if (at === text.length) return at;
  if (text[at] === '\n') return at + 1;
  if (text[at] === '\r' && text[at + 1] === '\n') return at + 2;
  throw malformed();
}

// What every benchmark prints and writes.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export const quantile = (list, share) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];
export const median = (list) => quantile(list, 0.5);
export const spread = (list) => ({ median: round(median(list)), min: round(Math.min(...list)), max: round(Math.max(...list)), runs: list.length });
export const percentiles = (list) => ({ p50: round(quantile(list, 0.5)), p95: round(quantile(list, 0.95)), p99: round(quantile(list, 0.99)), min: round(Math.min(...list)), runs: list.length });
export const round = (value, digits = 3) => +value.toFixed(digits);

/** A table to stderr, one JSON object to stdout or a file. */
export function report(name, rows, file) {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((key) => rows.every((row) => typeof row[key] !== 'object'));
  const cells = rows.map((row) => keys.map((key) => String(row[key] ?? '')));
  const widths = keys.map((key, i) => Math.max(key.length, ...cells.map((line) => line[i].length)));
  for (const line of [keys, ...cells]) process.stderr.write(`${line.map((cell, i) => cell.padStart(widths[i])).join('  ')}\n`);
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const result = { bench: name, machine: `${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.versions.node}`, commit, runs: rows };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (file) writeFileSync(file, text);
  else process.stdout.write(text);
}

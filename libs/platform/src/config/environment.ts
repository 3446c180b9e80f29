import { parse } from 'yaml';

/** Names the file to read, so it is no override. */
const RESERVED = 'CONFIG';

/** `PREFIX_OUTER__INNER_NAME=1` becomes `{outer: {innerName: 1}}`; values are YAML scalars, so numbers and booleans keep their type. */
export function environmentOverrides(env: Readonly<Record<string, string | undefined>>, prefix: string): Record<string, unknown> {
  const overrides: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(`${prefix}_`)) continue;
    const rest = name.slice(prefix.length + 1);
    if (rest === RESERVED) continue;
    assign(overrides, rest.split('__').map(camelCase), scalar(text));
  }
  return overrides;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Mappings merge, everything else is replaced. */
export function mergeOverrides(base: Record<string, unknown>, overrides: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    const existing = merged[key];
    merged[key] = isRecord(value) && isRecord(existing) ? mergeOverrides(existing, value) : value;
  }
  return merged;
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const existing = target[head];
  const inner = isRecord(existing) ? existing : {};
  target[head] = inner;
  assign(inner, rest, value);
}

const camelCase = (name: string): string =>
  name
    .toLowerCase()
    .split('_')
    .map((word, index) => (index === 0 ? word : word.slice(0, 1).toUpperCase() + word.slice(1)))
    .join('');

function scalar(text: string): unknown {
  if (!/^(true|false|-?\d+(\.\d+)?)$/.test(text)) return text;
  return parse(text) as unknown;
}

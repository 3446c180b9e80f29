/** Where a message can be altered: the keys that lead to one of its values. */
export type Path = readonly (string | number)[];

/** All values of a message that carry something, and the lists themselves. */
export function pathsOf(value: unknown, at: Path = []): Path[] {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value === undefined ? [] : [at];
  if (Array.isArray(value)) return [...(value.length > 0 ? [at] : []), ...value.flatMap((item: unknown, i) => pathsOf(item, [...at, i]))];
  return Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...at, key]));
}

/** A copy with one value changed: bits and bytes flipped, numbers up by one, a list without its last item. */
export function altered(value: unknown, path: Path, seed: number): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return changed(value, seed);
  if (Array.isArray(value)) return value.map((item: unknown, i) => (i === key ? altered(item, rest, seed) : item));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: altered(record[key], rest, seed) };
}

function changed(value: unknown, seed: number): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) return value.slice(0, -1);
  if (value instanceof Uint8Array) return value.map((byte, i) => (i === seed % value.length ? byte ^ 1 : byte));
  const text = String(value);
  const at = seed % Math.max(1, text.length - 1);
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

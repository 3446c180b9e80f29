/** Names whose values never reach a log line, wherever they stand in a record. */
const SENSITIVE = /share|template|envelope|secret|token|key|nonce|password|credential|authorization|cookie|seed|pixel|image|capture/i;
/** Sizes and durations of such things may be told. */
const MEASURE = /(count|bytes|size|ms|total)$/i;

const DEPTH_MAX = 6;
const ITEMS_MAX = 50;
const TEXT_MAX = 2000;

/** A copy fit for a log: sensitive names masked, bytes replaced by their length, depth, lists and texts bounded. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactRecord(fields, 0);
}

function redactRecord(fields: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    safe[name] = SENSITIVE.test(name) && !(typeof value === 'number' && MEASURE.test(name)) ? '[redacted]' : redactValue(value, depth);
  }
  return safe;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value.toISOString();
  if (depth >= DEPTH_MAX) return '[too deep]';
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => redactValue(item, depth + 1));
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`;
  return redactRecord(value as Record<string, unknown>, depth + 1);
}

/**
 * An error without payloads. Messages of our own errors, of system calls and of PostgreSQL hold none; messages of
 * parsers quote what they refused, so of everything else only the name and the stack frames stay.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, kind, cause } = error as Error & { code?: unknown; kind?: unknown };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')).slice(0, 12);
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code, message: error.message } : {}),
    ...(typeof kind === 'string' ? { kind } : {}),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
    stack: frames.map((line) => line.trim()),
  };
}

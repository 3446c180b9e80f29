import { type BoopError, fromBase64Url } from '@boop/shared';

/** Checks of decoded JSON that lets nothing pass which isn't named; every refusal is what `malformed` makes. */
export function strictJson(malformed: () => BoopError) {
  const bytes = (value: unknown, bytesMax: number): Uint8Array => {
    if (typeof value !== 'string' || value.length > Math.ceil((bytesMax * 4) / 3)) throw malformed();
    try {
      return fromBase64Url(value);
    } catch {
      throw malformed();
    }
  };
  return {
    /** An object with all of `required`, some of `optional` and nothing else. */
    members(value: unknown, required: readonly string[], optional: readonly string[] = []): Record<string, unknown> {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
      const names = Object.keys(value);
      if (!required.every((name) => names.includes(name)) || !names.every((name) => required.includes(name) || optional.includes(name))) throw malformed();
      return value as Record<string, unknown>;
    },
    list(value: unknown, countMax: number): unknown[] {
      if (!Array.isArray(value) || value.length > countMax) throw malformed();
      return value;
    },
    text(value: unknown, charsMax: number): string {
      if (typeof value !== 'string' || value.length > charsMax) throw malformed();
      return value;
    },
    /** An integer in [0, 2^53). */
    count(value: unknown): number {
      if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed();
      return value as number;
    },
    /** Base64url of at most that many bytes. */
    bytes,
    /** Base64url of exactly that many bytes. */
    exactly(value: unknown, count: number): Uint8Array {
      const decoded = bytes(value, count);
      if (decoded.length !== count) throw malformed();
      return decoded;
    },
  };
}

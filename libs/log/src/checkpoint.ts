import { BoopError } from '@boop/shared';
import { fromBase64, toBase64 } from './base64.ts';
import { HASH_BYTES, type TreeHead } from './hash.ts';

/** Text of a checkpoint note (C2SP tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  /** Identity of the log, such as `log.example/network`. */
  readonly origin: string;
  /** Lines after the root, opaque; logs should have none. */
  readonly extensions?: readonly string[];
}

const malformed = (): BoopError => new BoopError('log.malformed-checkpoint', 'not a checkpoint');

/** The note text, which is what log and nodes sign. Throws `log.malformed-checkpoint` where {@link parseCheckpoint} would refuse the result. */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  const text = [origin, String(size), toBase64(root), ...extensions, ''].join('\n');
  const parsed = parseCheckpoint(text);
  if (parsed.origin !== origin || (parsed.extensions?.length ?? 0) !== extensions.length) throw malformed();
  return text;
}

/** Strict inverse of {@link formatCheckpoint}; throws `log.malformed-checkpoint`. Sizes are below 2^53. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeText = '', rootText = '', ...rest] = text.split('\n');
  const extensions = rest.slice(0, -1);
  const size = Number(sizeText);
  const root = fromBase64(rootText);
  const linesOk = origin !== '' && rest.at(-1) === '' && extensions.every((line) => line !== '');
  // Control characters can't stand in a note at all.
  const charactersOk = !/[\0-\x09\x0b-\x1f]/.test(text);
  if (!linesOk || !charactersOk || !/^(0|[1-9][0-9]*)$/.test(sizeText) || !Number.isSafeInteger(size) || root?.length !== HASH_BYTES) throw malformed();
  return { origin, size, root, ...(extensions.length > 0 ? { extensions } : {}) };
}

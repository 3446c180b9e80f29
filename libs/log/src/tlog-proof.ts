import { BoopError } from '@boop/shared';
import { fromBase64, toBase64 } from './base64.ts';
import { HASH_BYTES } from './hash.ts';

/** A proof in the text form of C2SP tlog-proof: it proves about an entry that whoever verifies it has. */
export interface TlogProof {
  readonly index: number;
  /** Inclusion proof, the leaf's sibling first. */
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
  /** Opaque and not authenticated. */
  readonly extra?: Uint8Array;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const malformed = (): BoopError => new BoopError('log.malformed-tlog-proof', 'not a proof of a transparency log');

/** Throws `log.malformed-tlog-proof` where {@link parseTlogProof} would refuse the result. */
export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  const text = [HEADER, ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]), `index ${index}`, ...proof.map(toBase64), '', checkpoint].join('\n');
  parseTlogProof(text);
  return text;
}

/** Strict inverse of {@link formatTlogProof}; throws `log.malformed-tlog-proof`. The checkpoint is left as it is. */
export function parseTlogProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, Math.max(0, end)).split('\n');
  if (end < 0 || lines.shift() !== HEADER) throw malformed();
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift()!.slice('extra '.length)) : undefined;
  const [, indexText] = /^index (0|[1-9][0-9]*)$/.exec(lines.shift() ?? '') ?? [];
  const index = Number(indexText);
  if (indexText === undefined || !Number.isSafeInteger(index) || lines.length > 64) throw malformed();
  const proof = lines.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) throw malformed();
    return hash;
  });
  const parsed = { index, proof, checkpoint: text.slice(end + 2), ...(extra === undefined ? {} : { extra }) };
  // An `extra` line that is no base64 has been dropped by now.
  if (text.split('\n', 2)[1]!.startsWith('extra ') && extra === undefined) throw malformed();
  return parsed;
}

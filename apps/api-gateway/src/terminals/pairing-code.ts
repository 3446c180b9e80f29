import { type Rng } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '@boop/shared';

/** Crockford's base 32: no I, L, O, U, so that a code can be read out and typed. */
const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 40 random bits; they hold because a code lives ten minutes and guesses are limited. */
export function newPairingCode(rng: Rng): string {
  const text = Array.from(rng.bytes(8), (byte) => symbols[byte % 32]).join('');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** What is stored of a code; case and the dash don't count. */
export const pairingCodeHash = (code: string): Uint8Array<ArrayBuffer> => new Uint8Array(sha256(utf8(`boop/pairing-code/v1:${code.toUpperCase().replace('-', '')}`)));

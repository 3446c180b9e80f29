import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson, fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@boop/shared';
import { sdkError } from '../errors.ts';

/** Signs with the holder's key: 64 bytes, as JWS has it. */
export interface HolderSigner {
  readonly alg: 'EdDSA' | 'ES256';
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export interface PresentInput {
  /** `<issuer-signed JWT>~<disclosure>~…~` */
  readonly credential: string;
  /** Names of the claims that the verifier sees; all others stay hashes. */
  readonly disclose: readonly string[];
  /** The verifier. */
  readonly audience: string;
  /** From the verifier, fresh. */
  readonly nonce: string;
  readonly holder: HolderSigner;
  /** Seconds. */
  readonly now: number;
}

/** SD-JWT with key binding (RFC 9901 section 4.3). @throws BoopError `response.malformed` when the credential lacks a claim */
export async function presentCredential({ credential, disclose, audience, nonce, holder, now }: PresentInput): Promise<string> {
  const [jwt, ...disclosures] = credential.split('~').filter((part) => part !== '');
  const shown = disclose.map((name) => disclosures.find((disclosure) => claimNameOf(disclosure) === name));
  if (jwt === undefined || shown.includes(undefined)) throw sdkError('response.malformed');
  const presented = `${[jwt, ...shown].join('~')}~`;
  const header = { typ: 'kb+jwt', alg: holder.alg };
  const payload = { iat: now, aud: audience, nonce, sd_hash: toBase64Url(sha256(utf8(presented))) };
  const input = `${toBase64Url(canonicalJson(header))}.${toBase64Url(canonicalJson(payload))}`;
  return `${presented}${input}.${toBase64Url(await holder.sign(utf8(input)))}`;
}

/** Name of the claim that a disclosure opens; undefined for anything else. */
export function claimNameOf(disclosure: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(fromUtf8(fromBase64Url(disclosure)));
    return Array.isArray(parsed) && parsed.length === 3 && typeof parsed[1] === 'string' ? parsed[1] : undefined;
  } catch {
    return undefined;
  }
}

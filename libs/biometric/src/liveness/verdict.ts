import { BoopError, canonicalJson, equalBytes, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';
import { type LivenessAssessment } from './passive-palm-check.ts';

/**
 * What a check said of one capture, bound to it: `nonce` is what the session gave out for this capture, `captureDigest` the SHA-256 of the
 * template that was made of it. So a verdict of another session, or of another capture in the same, proves nothing.
 */
export interface LivenessVerdict {
  readonly check: string;
  readonly outcome: 'bona-fide' | 'attack';
  readonly nonce: Uint8Array;
  readonly captureDigest: Uint8Array;
  readonly checkedAtMs: number;
}

/** What a policy asks of a verdict. */
export interface LivenessPolicy {
  /** Checks that count, by id and version. */
  readonly checks: readonly string[];
  readonly ageMaxMs: number;
}

const DOMAIN = 'boop/liveness/1';
const VERDICT_BYTES_MAX = 512;
/** Of clocks that run ahead. */
const SKEW_MAX_MS = 2_000;

/** @param binding 32 bytes each */
export function createVerdict(check: string, { outcome }: LivenessAssessment, binding: { readonly nonce: Uint8Array; readonly captureDigest: Uint8Array; readonly checkedAtMs: number }): LivenessVerdict {
  return { check, outcome, ...binding };
}

/** The bytes that the checker's key signs: one encoding for one verdict. */
export function encodeVerdict({ check, outcome, nonce, captureDigest, checkedAtMs }: LivenessVerdict): Uint8Array {
  return canonicalJson({ type: DOMAIN, check, outcome, nonce: toBase64Url(nonce), captureDigest: toBase64Url(captureDigest), checkedAtMs });
}

/**
 * Accepts a signed verdict for one capture under a policy.
 * @param verify whether `signature` is the registered checker's over `bytes`
 * @throws BoopError `liveness.malformed`, `liveness.bad-signature`, `liveness.other-check`, `liveness.other-capture`, `liveness.expired`, `liveness.attack`
 */
export function acceptVerdict(
  signed: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
  capture: { readonly nonce: Uint8Array; readonly captureDigest: Uint8Array; readonly nowMs: number },
  policy: LivenessPolicy,
  verify: (bytes: Uint8Array, signature: Uint8Array) => boolean,
): LivenessVerdict {
  const verdict = parseVerdict(signed.bytes);
  if (!verify(signed.bytes, signed.signature)) throw refused('bad-signature', 'the verdict is not signed by the checker');
  if (!policy.checks.includes(verdict.check)) throw refused('other-check', 'the policy asks for another check');
  if (!equalBytes(verdict.nonce, capture.nonce) || !equalBytes(verdict.captureDigest, capture.captureDigest)) throw refused('other-capture', 'the verdict is of another capture');
  const age = capture.nowMs - verdict.checkedAtMs;
  if (age > policy.ageMaxMs || age < -SKEW_MAX_MS) throw refused('expired', 'the verdict is not of now');
  if (verdict.outcome !== 'bona-fide') throw refused('attack', 'the check took the capture for an attack');
  return verdict;
}

/** @throws BoopError `liveness.malformed` unless the bytes are what {@link encodeVerdict} gives */
export function parseVerdict(bytes: Uint8Array): LivenessVerdict {
  if (bytes.length > VERDICT_BYTES_MAX) throw malformed();
  let verdict: LivenessVerdict;
  try {
    const { check, outcome, nonce, captureDigest, checkedAtMs } = JSON.parse(fromUtf8(bytes)) as Record<string, string & number>;
    verdict = { check: check!, outcome: outcome as unknown as LivenessVerdict['outcome'], nonce: fromBase64Url(nonce!), captureDigest: fromBase64Url(captureDigest!), checkedAtMs: checkedAtMs! };
  } catch {
    throw malformed();
  }
  const fits =
    typeof verdict.check === 'string' && /^[a-z0-9-]{1,64}$/.test(verdict.check) && ['bona-fide', 'attack'].includes(verdict.outcome) &&
    verdict.nonce.length === 32 && verdict.captureDigest.length === 32 && Number.isSafeInteger(verdict.checkedAtMs) && verdict.checkedAtMs >= 0;
  if (!fits || !equalBytes(encodeVerdict(verdict), bytes)) throw malformed();
  return verdict;
}

const refused = (code: string, message: string): BoopError => new BoopError(`liveness.${code}`, message);
const malformed = (): BoopError => refused('malformed', 'the bytes are no liveness verdict');

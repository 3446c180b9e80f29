import { blobField, bytesField, type SigningKey, type VerifyEd25519, verifySignature } from '@boop/identity';
import { BoopError, canonicalJson, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';
import { z } from 'zod';

/**
 * What a presentation attack detection (ISO/IEC 30107-3) said of the capture behind one split: `sessionId` is the hash of the context, fresh for each, `splitHash`
 * names the shares that were made of the capture. So a verdict of another session, or on another capture in the same, proves nothing.
 */
export interface LivenessVerdict {
  readonly check: string;
  readonly outcome: 'bona-fide' | 'attack';
  readonly sessionId: string;
  readonly splitHash: string;
  readonly checkedAtMs: number;
}

const VERDICT_BYTES_MAX = 512;
export const livenessCheckIdField = z.string().regex(/^[a-z0-9-]{1,64}$/);

/** A verdict as {@link signVerdict} encodes it, and the checker's signature over it. */
export const signedVerdictSchema = z.strictObject({ verdict: blobField(VERDICT_BYTES_MAX), signature: bytesField(64) });
export type SignedVerdict = z.infer<typeof signedVerdictSchema>;

/** A checker whose verdicts nodes take: the check that it runs, the key that it signs with, and the level that the custodians give both, see docs/biometric-liveness.md. */
export const livenessCheckSchema = z.strictObject({ id: livenessCheckIdField, level: z.number().int().min(1).max(3), publicKey: bytesField(32) });
export type ListedLivenessCheck = z.infer<typeof livenessCheckSchema>;

const domain = 'boop-liveness/1';
/** A context lives for 30 seconds at most. */
const ageMaxMs = 35_000;
/** Of clocks that run ahead. */
const skewMaxMs = 5_000;

const verdictSchema = z.strictObject({
  v: z.literal(1),
  check: livenessCheckIdField,
  outcome: z.enum(['bona-fide', 'attack']),
  sessionId: bytesField(32),
  splitHash: bytesField(32),
  checkedAtMs: z.number().int().min(0),
});

/** One encoding for one verdict: canonical JSON (RFC 8785). */
const encode = ({ check, outcome, sessionId, splitHash, checkedAtMs }: LivenessVerdict): Uint8Array => canonicalJson({ v: 1, check, outcome, sessionId, splitHash, checkedAtMs });

export function signVerdict(verdict: LivenessVerdict, checker: SigningKey): SignedVerdict {
  const bytes = encode(verdict);
  return { verdict: toBase64Url(bytes), signature: checker.sign(domain, bytes) };
}

/**
 * Accepts a signed verdict on one split where a level is asked for.
 * @param listed checkers of the manifest in force
 * @throws BoopError `liveness.missing`, `liveness.malformed`, `liveness.other-check` (none of this level runs it), `liveness.bad-signature`, `liveness.other-capture`, `liveness.expired`, `liveness.attack`
 */
export function checkLiveness(
  signed: SignedVerdict | undefined,
  split: { readonly sessionId: string; readonly splitHash: string },
  asked: { readonly level: number; readonly listed: readonly ListedLivenessCheck[]; readonly nowMs: number },
  verify?: VerifyEd25519,
): void {
  if (!signed) throw refused('missing', 'the context asks for a liveness check');
  const { bytes, verdict } = parseVerdict(signed.verdict);
  const checkers = asked.listed.filter(({ id, level }) => id === verdict.check && level >= asked.level);
  if (checkers.length === 0) throw refused('other-check', 'no check of this name has the level that the context asks for');
  if (!checkers.some(({ publicKey }) => verifySignature(domain, bytes, signed.signature, publicKey, verify))) throw refused('bad-signature', 'the verdict is not signed by a checker of this network');
  if (verdict.sessionId !== split.sessionId || verdict.splitHash !== split.splitHash) throw refused('other-capture', 'the verdict is on another capture');
  const ageMs = asked.nowMs - verdict.checkedAtMs;
  if (ageMs > ageMaxMs || ageMs < -skewMaxMs) throw refused('expired', 'the verdict is not of now');
  if (verdict.outcome !== 'bona-fide') throw refused('attack', 'the check took the capture for an attack');
}

function parseVerdict(text: string): { bytes: Uint8Array; verdict: LivenessVerdict } {
  const malformed = refused('malformed', 'the bytes are no liveness verdict');
  try {
    const bytes = fromBase64Url(text);
    const { v: _, ...verdict } = verdictSchema.parse(JSON.parse(fromUtf8(bytes)));
    if (toBase64Url(encode(verdict)) === text) return { bytes, verdict };
  } catch {
    throw malformed;
  }
  throw malformed;
}

const refused = (code: string, message: string): BoopError => new BoopError(`liveness.${code}`, message);

import { type ConsentGrant, consentGrantHash, type ConsentRevocation, consentRevocationHash, type SignedGrant, type SignedRevocation, verifyConsentCommitment, verifyGrant, verifyRevocation } from '@boop/identity';
import { verifyLogProof } from '@boop/log';
import { type ConsentAction, type ConsentReceipt, consentReceiptSchema, parseLogEntry } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { sdkError } from '../errors.ts';

export interface VerifiedConsent {
  readonly action: ConsentAction;
  readonly record: ConsentGrant | ConsentRevocation;
  /** When the entry was made, seconds. */
  readonly loggedAt: number;
  readonly leafIndex: number;
}

/**
 * Verifies a receipt offline: the person signed the document, its commitment stands in the log, under a checkpoint that the log's key signed.
 * No storage, network or clock.
 * @param verifierKey C2SP vkey of the network's log, pinned by the caller
 * @throws BoopError `receipt.invalid`, `log.*`, `grant.*`, `revocation.*`, `owner.bad-signature`, `passkey.invalid`, `consent.wrong-opening`
 */
export function verifyConsentReceipt(receipt: unknown, { verifierKey, networkId }: { verifierKey: string; networkId: string }): VerifiedConsent {
  const parsed = consentReceiptSchema.safeParse(receipt);
  if (!parsed.success) throw invalid();
  const { action, document, opening, proof } = parsed.data;
  const { index } = verifyLogProof(proof, verifierKey);
  const entry = parseLogEntry(fromBase64Url(proof.entry));
  if (entry.kind !== 'consent' || entry.action !== action || entry.networkId !== networkId) throw invalid();
  verifyConsentCommitment(entry.consent, { opening, document: hashOf(document, action, networkId) });
  return { action, record: document.record, loggedAt: entry.time, leafIndex: index };
}

function hashOf(document: SignedGrant | SignedRevocation, action: ConsentAction, networkId: string): string {
  if (isGrant(document)) {
    if (action === 'withdrawn') throw invalid();
    verifyGrant(document, { networkId });
    return consentGrantHash(document.record);
  }
  if (action !== 'withdrawn') throw invalid();
  verifyRevocation(document, { networkId });
  return consentRevocationHash(document.record);
}

const isGrant = (document: ConsentReceipt['document']): document is SignedGrant => document.record.kind === 'consent-grant';
const invalid = () => sdkError('receipt.invalid', { kind: 'peer' });

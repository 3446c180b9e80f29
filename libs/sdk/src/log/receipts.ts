import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type EntryReceipt, entryReceiptBytes, isRegistrationEntry, type LogEntry, logEntryHash, type NetworkInfo, parseLogEntry } from '@boop/protocol';
import { fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { sdkError } from '../errors.ts';

/** An entry's canonical bytes and the nodes' signatures over them, as results and registration receipts carry them. */
export interface EntryWithReceipts {
  readonly entry: string;
  readonly signatures: readonly EntryReceipt[];
}

/**
 * Checks that t+1 distinct nodes signed the entry, so at least one honest one did; this stands until a checkpoint includes
 * the entry.
 * @throws BoopError `receipt.invalid`
 */
export function verifyReceipt({ entry, signatures }: EntryWithReceipts, entryHash: string, network: NetworkInfo): LogEntry {
  const { bytes, parsed } = parse(entry);
  const message = entryReceiptBytes(bytes);
  const needed = network.threshold + 1;
  const signers = new Set<number>();
  // No more are verified than are needed: each takes longer than all the rest.
  for (const signature of signatures) if (signers.size < needed && !signers.has(signature.party) && isSigned(signature, message, network)) signers.add(signature.party);
  if (signers.size < needed || logEntryHash(bytes) !== entryHash || parsed.networkId !== network.networkId) throw invalid();
  return parsed;
}

/** Name of a token in its log entry: SHA-256 of the JWS signing input. */
export const tokenHash = (idToken: string): string => toBase64Url(sha256(utf8(idToken.slice(0, idToken.lastIndexOf('.')))));

/**
 * Checks that the entry is about this authentication and this token.
 * @throws BoopError `receipt.invalid`
 */
export function checkAuthenticationEntry(entry: LogEntry, expected: { sessionId: string; verified: boolean; idToken: string | undefined }): void {
  const decision = expected.idToken === undefined ? 'rejected' : 'accepted';
  const token = expected.idToken === undefined ? undefined : tokenHash(expected.idToken);
  const same = entry.kind === 'authentication' && entry.session === expected.sessionId && entry.decision === decision && entry.token === token;
  if (!same || (decision === 'accepted' && entry.verified !== expected.verified)) throw invalid();
}

/**
 * Checks that the entry is about this registration: its session, the consent and the split that this device signed.
 * @throws BoopError `receipt.invalid`
 */
export function checkRegistrationEntry(entry: LogEntry, expected: { sessionId: string; consentHash: string; splitHash: string; verified: boolean; renews?: boolean }): void {
  const kind = expected.renews ? 're-enrolment' : 'registration';
  const same = isRegistrationEntry(entry) && entry.kind === kind && entry.session === expected.sessionId && entry.consent === expected.consentHash && entry.split === expected.splitHash && entry.verified === expected.verified;
  if (!same) throw invalid();
}

function parse(entry: string): { bytes: Uint8Array; parsed: LogEntry } {
  try {
    const bytes = fromBase64Url(entry);
    return { bytes, parsed: parseLogEntry(bytes) };
  } catch {
    throw invalid();
  }
}

function isSigned({ party, signature }: EntryReceipt, message: Uint8Array, { members }: NetworkInfo): boolean {
  const member = members.find((candidate) => candidate.party === party);
  try {
    return member !== undefined && ed25519.verify(fromBase64Url(signature), message, fromBase64Url(member.identityKey), { zip215: false });
  } catch {
    return false;
  }
}

const invalid = () => sdkError('receipt.invalid', { kind: 'peer' });

import { sha256 } from '@noble/hashes/sha2.js';
import { type AuthenticationContext, consentHash, parseTokenClaims, publicJwk, type SignedConsent } from '@boop/identity';
import { consentEntryOf, entryReceiptBytes, envelopeHashes, type EntryReceipt, isRegistrationEntry, type LogEntry, logEntryHash, type MissingAttributes, missingAttributesBytes, type NetworkManifest, parseLogEntry, type SealedSplit, splitHash } from '@boop/protocol';
import { BoopError, fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@boop/shared';
import { type NodesReason } from './authentication.ts';
import { type OutboxEntry } from './events.ts';

/** Ed25519 verification as a port; arguments are raw bytes. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

interface SignedEntry {
  readonly entry: Uint8Array;
  readonly receipts: readonly EntryReceipt[];
}

export interface AuthenticationAnswer extends SignedEntry {
  readonly accepted: boolean;
  readonly reason: NodesReason;
  readonly verified: boolean;
  readonly idToken?: string | undefined;
}

/**
 * The leader only aggregates, and the gateway believes it nothing that it can check: the entry is of this session and says what the
 * answer says, t+1 nodes signed it, and the token is signed by the group, for this vendor, and named in the entry.
 * @throws BoopError `mpc.aborted`
 */
export function checkAuthenticationAnswer(
  answer: AuthenticationAnswer,
  expected: { context: AuthenticationContext; sessionId: string; manifest: NetworkManifest; tokenKeys: readonly string[]; verify: VerifyEd25519 },
): OutboxEntry {
  const { entry, outbox } = checkEntry(answer, expected);
  if (entry.kind !== 'authentication' || entry.session !== expected.sessionId) throw refused('the log entry is of another session');
  if (entry.verified !== answer.verified || (entry.decision === 'accepted') !== answer.accepted) throw refused('the log entry says something else than the answer');
  if (answer.accepted !== (answer.reason === 'ok') || answer.accepted !== (answer.idToken !== undefined)) throw refused('the answer contradicts itself');
  if (answer.accepted && !answer.verified && !expected.context.policy.acceptUnverified) throw refused('the context refuses unverified matches');
  if (answer.idToken !== undefined) checkToken(answer.idToken, { ...expected, verified: answer.verified, tokenHash: entry.token });
  return outbox;
}

/**
 * Which required attributes the nodes found missing. A list is believed if t+1 nodes have signed it for this very split, so one that a leader has changed ends the run.
 * A leader can leave it out, as it does where the nodes differ: then the reason stands alone, which is no more than its word.
 * @throws BoopError `mpc.aborted`
 */
export function checkMissing(
  { reason, missing }: Pick<AuthenticationAnswer, 'reason'> & { readonly missing?: MissingAttributes | undefined },
  { context, sessionId, split, manifest, verify }: { context: AuthenticationContext; sessionId: string; split: SealedSplit; manifest: NetworkManifest; verify: VerifyEd25519 },
): readonly string[] | undefined {
  if (!missing) return undefined;
  if (reason !== 'user-missing-attributes') throw refused('the answer names missing attributes for another reason');
  const { names, signatures } = missing;
  const { networkId, epoch } = manifest;
  const hash = splitHash({ header: split.header, hashes: envelopeHashes(split) });
  const bytes = missingAttributesBytes({ networkId, epoch, sessionId, splitHash: hash }, names);
  if (validSignatures(bytes, signatures, { manifest, verify }).length <= manifest.threshold) throw refused('too few nodes signed the missing attributes');
  if (names.some((name) => context.attributes?.required.includes(name) !== true)) throw refused('an attribute is missing that the context does not require');
  return names;
}

/**
 * As {@link checkAuthenticationAnswer}, for a registration.
 * @param expected.splitHash left out for one that is found later: it was stored by another split of the session, or in an epoch before
 * @returns its entry, and that of the consent which it names
 * @throws BoopError `mpc.aborted`
 */
export function checkRegistrationAnswer(
  answer: SignedEntry & { verified: boolean },
  expected: { sessionId: string; consent: SignedConsent; splitHash?: string; manifest: NetworkManifest; verify: VerifyEd25519 },
): { outbox: OutboxEntry; consent: OutboxEntry } {
  const { entry, outbox } = checkEntry(answer, { ...expected, earlier: expected.splitHash === undefined });
  const kind = expected.consent.record.renews === undefined ? 'registration' : 're-enrolment';
  if (!isRegistrationEntry(entry) || entry.kind !== kind || entry.session !== expected.sessionId) throw refused('the log entry is of another session');
  if (entry.consent !== consentHash(expected.consent) || (expected.splitHash !== undefined && entry.split !== expected.splitHash) || entry.verified !== answer.verified) throw refused('the log entry says something else than the answer');
  const consent = consentEntryOf(entry);
  return { outbox, consent: { entry: consent, entryHash: logEntryHash(consent), receipts: [] } };
}

/** The entry is of this network and t+1 of its members have signed it. @throws BoopError `mpc.aborted` */
export function checkEntry({ entry: bytes, receipts }: SignedEntry, { manifest, verify, earlier = false }: { manifest: NetworkManifest; verify: VerifyEd25519; earlier?: boolean }): { entry: LogEntry; outbox: OutboxEntry } {
  const entry = parseEntry(bytes);
  if (entry.networkId !== manifest.networkId || (earlier ? entry.epoch > manifest.epoch : entry.epoch !== manifest.epoch)) throw refused('the log entry is of another network or epoch');
  const valid = validSignatures(entryReceiptBytes(bytes), receipts, { manifest, verify });
  if (valid.length <= manifest.threshold) throw refused('too few nodes signed the log entry');
  return { entry, outbox: { entry: bytes, entryHash: logEntryHash(bytes), receipts: valid } };
}

/** Those that members made over these bytes, one a member, by party. */
function validSignatures(message: Uint8Array, signatures: readonly EntryReceipt[], { manifest, verify }: { manifest: NetworkManifest; verify: VerifyEd25519 }): EntryReceipt[] {
  const valid = new Map<number, EntryReceipt>();
  for (const receipt of signatures) {
    const member = manifest.members[receipt.party - 1];
    if (member && verify(fromBase64Url(member.identityKey), message, fromBase64Url(receipt.signature))) valid.set(receipt.party, receipt);
  }
  return [...valid.values()].sort((a, b) => a.party - b.party);
}

function checkToken(token: string, expected: { context: AuthenticationContext; sessionId: string; tokenKeys: readonly string[]; tokenHash: string | undefined; verified: boolean; verify: VerifyEd25519 }): void {
  const { context, sessionId, tokenKeys, tokenHash, verified, verify } = expected;
  const cut = token.lastIndexOf('.');
  const signingInput = utf8(token.slice(0, Math.max(cut, 0)));
  try {
    const header = JSON.parse(fromUtf8(fromBase64Url(token.split('.')[0]!))) as Record<string, unknown>;
    const tokenKey = tokenKeys.find((key) => publicJwk(key).kid === header['kid']);
    const claims = parseTokenClaims(token);
    const fits =
      header['alg'] === 'EdDSA' &&
      tokenKey !== undefined &&
      claims.iss === context.issuer &&
      claims.aud === context.vendorId &&
      claims.nonce === context.nonce &&
      (context.subject === undefined || claims.sub === context.subject) &&
      claims.jti === sessionId &&
      claims.boop.context === context.contextId &&
      claims.boop.verified === verified &&
      toBase64Url(sha256(signingInput)) === tokenHash &&
      verify(fromBase64Url(tokenKey), signingInput, fromBase64Url(token.slice(cut + 1)));
    if (fits) return;
  } catch {
    // Whatever could not be parsed is no token of this group.
  }
  throw refused('the token is not one that the group signed for this context');
}

function parseEntry(bytes: Uint8Array): LogEntry {
  try {
    return parseLogEntry(bytes);
  } catch {
    throw refused('the log entry is malformed');
  }
}

const refused = (message: string): BoopError => new BoopError('mpc.aborted', message, { kind: 'peer', retryAllowed: true });

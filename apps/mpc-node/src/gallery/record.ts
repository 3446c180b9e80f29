import { separated } from '@boop/identity';
import { type LogEntry, logEntryBytes } from '@boop/protocol';
import { BoopError, canonicalJson, fromBase64Url, type PartyId } from '@boop/shared';
import { type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';
import { type MemberVerifier } from '../sessions/certified.ts';

/** What a node signs once it holds a registration durably and would commit it. */
export const preparedBytes = (record: RegistrationRecord): Uint8Array => separated('boop-registration/1', canonicalJson(record));

/** @throws BoopError `gallery.certificate` unless every node of the network has signed the record, in order */
export function verifyCertificate({ record, signatures }: RegistrationCertificate, network: { networkId: string; nodes: number }, members: MemberVerifier): void {
  const bytes = preparedBytes(record);
  const complete =
    record.networkId === network.networkId &&
    signatures.length === network.nodes &&
    signatures.every(({ party, signature }, at) => party === at + 1 && members.verify(party as PartyId, bytes, fromBase64Url(signature)));
  if (!complete) throw new BoopError('gallery.certificate', 'the registration is not prepared by every node', { kind: 'peer' });
}

/** The log's entry of a registration: hashes only, neither subject nor slot, nor what it replaces. */
export function registrationEntry(record: RegistrationRecord): Uint8Array {
  const { networkId, epoch, time, sessionId, consent, splitHash, verified, replaces } = record;
  const entry: LogEntry = { v: 1, networkId, epoch, time, kind: replaces === undefined ? 'registration' : 're-enrolment', session: sessionId, consent, split: splitHash, verified };
  return logEntryBytes(entry);
}

import { createHash } from 'node:crypto';
import { separated } from '@boop/identity';
import { type LogEntry, logEntryBytes, type NetworkManifest } from '@boop/protocol';
import { BoopError, canonicalJson, fromBase64Url, lengthPrefixed, type PartyId, toBase64Url } from '@boop/shared';
import { type GroupKey, serializeGroupKey } from '@boop/threshold';
import { memberVerifier } from '../sessions/member-keys.ts';
import { type EpochCertificate, type EpochReadiness } from './epoch-methods.ts';

const sha256 = (bytes: Uint8Array): string => toBase64Url(new Uint8Array(createHash('sha256').update(bytes).digest()));

export const manifestHash = (manifest: NetworkManifest): string => sha256(canonicalJson(manifest));

export const keysHash = (keys: readonly GroupKey[]): string => sha256(lengthPrefixed(...keys.map(serializeGroupKey)));

export const readyBytes = (readiness: EpochReadiness): Uint8Array => separated('boop-epoch/1', canonicalJson(readiness));

/** @throws BoopError `epoch.certificate` unless every member of the new epoch has signed that it is ready, in order */
export function verifyEpochCertificate({ readiness, signatures }: EpochCertificate, manifest: NetworkManifest): void {
  const bytes = readyBytes(readiness);
  const members = memberVerifier(manifest);
  const complete =
    readiness.networkId === manifest.networkId &&
    readiness.to === manifest.epoch &&
    readiness.manifest === manifestHash(manifest) &&
    signatures.length === manifest.members.length &&
    signatures.every(({ party, signature }, at) => party === at + 1 && members.verify(party as PartyId, bytes, fromBase64Url(signature)));
  if (!complete) throw new BoopError('epoch.certificate', 'not every member has said that it is ready', { kind: 'peer' });
}

/** The log's entry of the change. */
export function epochEntry({ networkId, from, to, manifest, time }: EpochReadiness): Uint8Array {
  const entry: LogEntry = { v: 1, networkId, epoch: to, time, kind: 'epoch', from, to, manifest };
  return logEntryBytes(entry);
}

/** The log's entry of the erasure of an epoch's shares; its receipt is the hash of what the nodes say with it. */
export function erasureEntry(networkId: string, current: number, erased: number, time: number): Uint8Array {
  const statement = separated('boop-epoch-erasure/1', canonicalJson({ v: 1, networkId, epoch: erased }));
  const entry: LogEntry = { v: 1, networkId, epoch: current, time, kind: 'erasure', scope: 'templates', receipt: sha256(statement) };
  return logEntryBytes(entry);
}

import { createHash } from 'node:crypto';
import { separated } from '@boop/identity';
import { type EpochReadiness, epochReadinessBytes, epochReadinessDomain, type LogEntry, logEntryBytes } from '@boop/protocol';
import { canonicalJson, lengthPrefixed, toBase64Url } from '@boop/shared';
import { type GroupKey, serializeGroupKey } from '@boop/threshold';

const sha256 = (bytes: Uint8Array): string => toBase64Url(new Uint8Array(createHash('sha256').update(bytes).digest()));

export const keysHash = (keys: readonly GroupKey[]): string => sha256(lengthPrefixed(...keys.map(serializeGroupKey)));

export const readyBytes = (readiness: EpochReadiness): Uint8Array => separated(epochReadinessDomain, epochReadinessBytes(readiness));

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

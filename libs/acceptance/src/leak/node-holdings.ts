import { join } from 'node:path';
import { type KeyCustody, openFileCustody, openRow, systemRng } from '@boop/platform';
import { cutShares, importHpkeKeyPair, type NodeSplit, openShare, type SealedSplit, splitFor, type SplitItem } from '@boop/protocol';
import { lengthPrefixed, uint32, utf8 } from '@boop/shared';
import { type RunningNetwork } from '../network-harness.ts';
import { query } from '../stock-clients.ts';
import { stolenHpkeSecret } from '../stolen-keys.ts';
import { readCbor } from './cbor.ts';
import { type Evidence } from './evidence.ts';

const shareBytes = 4096 * 2;
const frameHeaderBytes = 5;
const requestFrame = 1;

/** One shared template as one node got it. */
export interface ReceivedShare {
  readonly purpose: 'authentication' | 'registration';
  readonly sessionId: string;
  readonly item: SplitItem;
  /** 4,096 residues, u16 little-endian. */
  readonly bytes: Uint8Array;
}

export interface StoredRow {
  readonly slot: number;
  /** As it lies in the database. */
  readonly sealed: Buffer;
  /** 4,096 balanced residues, i16 little-endian. */
  readonly opened: Uint8Array;
}

const keysOf = (network: RunningNetwork, party: number): string => join(network.dataDir, 'nodes', String(party), 'keys');
const custodyOf = (network: RunningNetwork, party: number): KeyCustody => openFileCustody(keysOf(network, party), systemRng);

/** Opens every envelope in a node's records with the keys from its folder: all that its operator could do. */
export async function receivedShares(network: RunningNetwork, party: number, records: readonly Evidence[]): Promise<ReceivedShare[]> {
  const { privateKey } = await importHpkeKeyPair(stolenHpkeSecret(keysOf(network, party)));
  const splits = records.filter(({ name }) => name.endsWith('-in.bin')).flatMap(({ bytes }) => requestsIn(bytes).flatMap((message) => splitsIn(message, party)));
  const bySession = new Map(splits.map((split) => [split.header.sessionId, split]));
  const shares: ReceivedShare[] = [];
  for (const split of bySession.values()) {
    const { items, purpose, sessionId } = split.header;
    const parts = cutShares(await openShare(split, privateKey), items.length, shareBytes);
    shares.push(...parts.map((bytes, at) => ({ purpose, sessionId, item: items[at]!, bytes })));
  }
  return shares;
}

/** Opens a node's gallery rows with the keys from its folder. */
export async function storedRows(network: RunningNetwork, party: number): Promise<StoredRow[]> {
  const url = network.adminUrl(`node_${party}`);
  const wrappedKeys = await query<{ wrapped: Buffer; epoch: number }>(url, 'SELECT wrapped, epoch FROM data_keys');
  const custody = custodyOf(network, party);
  const dataKeys = new Map(wrappedKeys.map(({ wrapped, epoch }) => [epoch, custody.unwrapDataKey(new Uint8Array(wrapped), `node-rows/${epoch}`)]));
  custody.destroy();
  const rows = await query<{ slot: number; epoch: number; version: number; share: Buffer }>(url, 'SELECT slot, epoch, version, share FROM gallery_rows ORDER BY slot');
  return rows.map(({ slot, epoch: rowEpoch, version, share }) => {
    const place = lengthPrefixed(utf8('boop-node-store/1'), utf8('gallery'), utf8(String(slot)), ...[slot, rowEpoch, version].map(uint32));
    return { slot, sealed: share, opened: openRow(dataKeys.get(rowEpoch)!, new Uint8Array(share), place) };
  });
}

/** Bodies of the requests in one direction of a link: u32 length, u8 kind, CBOR. Streams of another kind have none. */
function requestsIn(stream: Buffer): unknown[] {
  const requests: unknown[] = [];
  for (let at = 0; at + frameHeaderBytes <= stream.length; ) {
    const length = stream.readUInt32BE(at);
    if (stream[at + 4] === requestFrame) {
      try {
        requests.push(readCbor(stream.subarray(at + frameHeaderBytes, at + 4 + length)));
      } catch {
        return requests;
      }
    }
    at += 4 + length;
  }
  return requests;
}

/** The node's part of every split somewhere in a message. */
function splitsIn(value: unknown, party: number): NodeSplit[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('envelope' in value && 'hashes' in value) return [value as NodeSplit];
  if ('envelopes' in value && 'header' in value) return [splitFor(value as SealedSplit, party)];
  return Object.values(value).flatMap((inner) => splitsIn(inner, party));
}

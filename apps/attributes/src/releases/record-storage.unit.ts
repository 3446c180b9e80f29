import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type RecordGrant, recordGrantBytes, type SignedRecordGrant } from '@boop/identity';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { type AttributeStore } from '../attributes/attribute-store.ts';
import { type Committee, type Nodes } from '../nodes/node-links.ts';
import { RecordStorage } from './record-storage.ts';
import { gateKey, ReleaseGate } from './release-gate.ts';
import { type ReleaseLog } from './release-log.ts';

const keys = Array.from({ length: 5 }, () => generateKeyPairSync('ed25519'));
const hash = (fill: number): string => toBase64Url(new Uint8Array(32).fill(fill));
const nowMs = 1_000_000;
const grant: RecordGrant = {
  v: 1, kind: 'record-grant', networkId: 'net', personId: hash(1), attribute: 'email', version: 2, document: hash(2), recipientKey: hash(3), basis: hash(4), by: 'device', consentId: 'c1', vendorId: 'shop', expiresAt: nowMs / 1000 + 10,
};
const signed = (party: number, changes: Partial<RecordGrant> = {}, key: KeyObject = keys[party - 1]!.privateKey): SignedRecordGrant => {
  const own = { ...grant, ...changes };
  return { party, grant: own, signature: toBase64Url(new Uint8Array(sign(null, recordGrantBytes(own), key))) };
};
const committee = (threshold: number, ...members: readonly number[]): Committee => ({ threshold, verify: (party, bytes, signature) => members[party - 1] !== undefined && verify(null, bytes, keys[members[party - 1]! - 1]!.publicKey, fromBase64Url(signature)) });
let committees: Committee[];
const nodes = { networkId: 'net', count: 5, threshold: 1, committees: () => committees } as unknown as Nodes;

let given: string[];
let gate: ReleaseGate;
let storage: RecordStorage;

beforeEach(() => {
  given = [];
  committees = [committee(1, 1, 2, 3, 4, 5)];
  gate = new ReleaseGate();
  const store = { get: async () => ({ signed: { record: 'document' }, ciphertext: Uint8Array.of(1) }) } as unknown as AttributeStore;
  const releases = { add: async ({ basis }: RecordGrant) => !given.includes(basis) && given.push(basis) > 0 } as unknown as ReleaseLog;
  storage = new RecordStorage({ nodes, store, releases, gate, clock: { nowMs: () => nowMs } });
});

const open = async (grants: SignedRecordGrant[]): Promise<unknown> => await storage.open(grants, async (record) => record.ciphertext);

describe('the storage side', () => {
  test('hands out one record for equal grants of 2t+1 nodes, once', async () => {
    const grants = [1, 2, 4].map((party) => signed(party, { expiresAt: grant.expiresAt + party }));
    await expect(open(grants)).resolves.toBe('AQ');
    await expect(open(grants)).rejects.toMatchObject({ code: 'release.replayed' });
  });

  test.each<[string, SignedRecordGrant[]]>([
    ['nothing', []],
    ['too few', [signed(1), signed(2)]],
    ['one node counted several times', [signed(1), signed(1), signed(1)]],
    ['grants for another version among them', [signed(1), signed(2), signed(3, { version: 1 })]],
    ['grants for another person among them', [signed(1), signed(2), signed(3, { personId: hash(9) })]],
    ['grants for another recipient among them', [signed(1), signed(2), signed(3, { recipientKey: hash(9) })]],
    ['grants under another consent among them', [signed(1), signed(2), signed(3, { consentId: 'c2' })]],
    ['a grant signed by somebody else', [signed(1), signed(2), signed(3, {}, keys[4]!.privateKey)]],
    ['grants that have expired', [1, 2, 3].map((party) => signed(party, { expiresAt: nowMs / 1000 - 10 }))],
    ['grants of another network', [1, 2, 3].map((party) => signed(party, { networkId: 'other' }))],
  ])('hands out nothing for %s', async (_, grants) => {
    await expect(open(grants)).rejects.toMatchObject({ code: 'release.not-granted' });
    expect(given).toEqual([]);
  });

  test('hands out nothing under a consent that was revoked, whatever was granted before', async () => {
    await gate.close(gateKey(grant.personId, 'c1'));
    await expect(open([1, 2, 3].map((party) => signed(party)))).rejects.toMatchObject({ code: 'release.revoked' });
    await expect(open([1, 2, 3].map((party) => signed(party, { consentId: 'c2' })))).resolves.toBe('AQ');
  });

  test('counts nodes of one epoch, before and after a change, and never of two together', async () => {
    // The members of the present epoch have the keys of nodes 4, 5, 1: of the one before, those of 1 to 5.
    committees = [committee(1, 4, 5, 1), committee(1, 1, 2, 3, 4, 5)];
    const now = [signed(1, {}, keys[3]!.privateKey), signed(2, {}, keys[4]!.privateKey), signed(3, {}, keys[0]!.privateKey)];
    const before = [signed(1), signed(2), signed(3)];
    await expect(open([now[0]!, now[1]!, before[2]!])).rejects.toMatchObject({ code: 'release.not-granted' });
    await expect(open(now)).resolves.toBe('AQ');
    given = [];
    await expect(open(before)).resolves.toBe('AQ');
    given = [];
    committees.pop();
    await expect(open(before)).rejects.toMatchObject({ code: 'release.not-granted' });
  });
});

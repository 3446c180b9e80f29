import { describe, expect, test } from '@jest/globals';
import { entryReceiptBytes, logEntryBytes, logEntryHash } from '@boop/protocol';
import { concatBytes, fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { TestNetwork } from '../testing/test-network.ts';
import { Admission } from './admission.ts';

const network = new TestNetwork();
const admission = new Admission(network.manifest);
const entry = network.entry(1);
const [receipt] = network.receipts(entry, [3]);

const hash = toBase64Url(new Uint8Array(32).fill(3));
const common = { v: 1, networkId: network.manifest.networkId, epoch: 1, time: 5 } as const;
const revision = logEntryBytes({ ...common, kind: 'map-revision', revision: 1, previousRoot: hash, root: hash, previousEntry: null, mutations: { count: 0, root: hash }, vrfKey: hash });

describe('an entry enters the log', () => {
  test('with receipts of t+1 nodes, invalid ones beside them ignored', async () => {
    expect(await admission.check(entry, network.receipts(entry, [2, 5]))).toMatchObject({ kind: 'authentication' });
    await admission.check(entry, [...network.receipts(entry, [2, 5]), { party: 1, signature: receipt!.signature }]);
  });

  test('on the word of the gateway alone, if it tells of its own doing', async () => {
    const consent = logEntryBytes({ ...common, kind: 'consent', consent: hash, action: 'withdrawn' });
    expect(await admission.check(consent, [])).toMatchObject({ kind: 'consent' });
    await expect(admission.check(logEntryBytes({ ...common, kind: 'erasure', scope: 'templates', receipt: hash }), [])).rejects.toMatchObject({ code: 'log.unauthorized' });
  });

  test.each<[string, () => Parameters<Admission['check']>, string]>([
    ['with t receipts', () => [entry, network.receipts(entry, [2])], 'log.unauthorized'],
    ['with one receipt twice', () => [entry, [receipt!, receipt!]], 'log.unauthorized'],
    ['with a receipt of nobody', () => [entry, [receipt!, { ...receipt!, party: 9 }]], 'log.unauthorized'],
    ['with receipts for another entry', () => [entry, network.receipts(network.entry(2), [1, 2, 3])], 'log.unauthorized'],
    ['with bare signatures of the entry', () => [entry, [1, 2].map((party) => ({ party, signature: toBase64Url(network.sign(party, entry)) }))], 'log.unauthorized'],
    ['of a kind that the ledger writes itself', () => withReceipts(logEntryBytes({ ...common, kind: 'transfers', batch: 1, count: 1, root: hash })), 'log.unauthorized'],
    ['as a revision of the map', () => withReceipts(revision), 'log.unauthorized'],
    ['of more than 65,535 bytes', () => withReceipts(concatBytes(entry, new Uint8Array(65_536).fill(32))), 'log.malformed-entry'],
    ['of another network', () => withReceipts(network.entry(1, { networkId: 'other' })), 'log.wrong-network'],
    ['of an epoch to come', () => withReceipts(network.entry(1, { epoch: 2 })), 'log.wrong-epoch'],
    ['of an unknown kind', () => withReceipts(utf8('{"kind":"other"}')), 'log.malformed-entry'],
    ['with other bytes for the same value', () => withReceipts(concatBytes(entry, utf8(' '))), 'log.malformed-entry'],
  ])('never %s', async (_name, input, code) => {
    await expect(admission.check(...input())).rejects.toMatchObject({ code, kind: 'rejected' });
  });
});

test('the test network signs what nodes sign', () => {
  expect(fromBase64Url(logEntryHash(entry))).toHaveLength(32);
  expect(receipt!.signature).toBe(toBase64Url(network.sign(3, entryReceiptBytes(entry))));
});

const withReceipts = (bytes: Uint8Array): Parameters<Admission['check']> => [bytes, network.receipts(bytes, [1, 2])];

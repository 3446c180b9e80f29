import { describe, expect, test } from '@jest/globals';
import { logEntryHash, type LogEntry } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { authenticationContext, authenticationEntry, createFakeNetwork } from '../fixtures/fake-network.ts';
import { sessionIdOf } from '@boop/identity';
import { verifyProof } from './log-proofs.ts';
import { checkAuthenticationEntry, checkRegistrationEntry, verifyReceipt } from './receipts.ts';

const network = await createFakeNetwork();
const context = authenticationContext();
const idToken = network.token(context);
const entry = authenticationEntry(context, idToken);
const sessionId = sessionIdOf(context);
const invalid = expect.objectContaining({ code: 'receipt.invalid', kind: 'peer' });

describe('receipts', () => {
  test('t+1 distinct nodes make one', () => {
    const { logEntry, ...receipt } = network.receipts(entry, [2, 5]);
    expect(verifyReceipt(receipt, logEntry, network.info)).toEqual(entry);
  });

  test('one node, one node twice, strangers and altered entries do not', async () => {
    const { logEntry, ...receipt } = network.receipts(entry, [2, 5]);
    const stranger = await createFakeNetwork({ seed: 9 });
    const signatures = receipt.signatures;
    const wrong = [
      { ...receipt, signatures: signatures.slice(1) },
      { ...receipt, signatures: [signatures[0]!, signatures[0]!] },
      { ...receipt, signatures: [signatures[0]!, { ...signatures[0]!, party: 5 }] },
      { ...receipt, signatures: [signatures[0]!, { ...signatures[1]!, party: 9 }] },
      { ...receipt, signatures: stranger.receipts(entry, [2, 5]).signatures },
      { ...receipt, entry: network.receipts({ ...entry, time: 1 } as LogEntry).entry },
      { ...receipt, entry: '!' },
    ];
    for (const each of wrong) expect(() => verifyReceipt(each, logEntry, network.info)).toThrow(invalid);
    expect(() => verifyReceipt(receipt, network.receipts({ ...entry, time: 1 } as LogEntry).logEntry, network.info)).toThrow(invalid);
    expect(() => verifyReceipt(receipt, logEntry, { ...network.info, networkId: 'other' })).toThrow(invalid);
  });

  test('an entry speaks of one session and one token', () => {
    checkAuthenticationEntry(entry, { sessionId, verified: true, idToken });
    const other = sessionIdOf(authenticationContext({ contextId: 'ctx_2' }));
    for (const wrong of [{ sessionId: other, verified: true, idToken }, { sessionId, verified: false, idToken }, { sessionId, verified: true, idToken: network.token(authenticationContext({ nonce: 'n2' })) }, { sessionId, verified: true, idToken: undefined }])
      expect(() => checkAuthenticationEntry(entry, wrong)).toThrow(invalid);
  });

  test('a registration is bound to its consent and its split', () => {
    const [consentHash, splitHash] = [sessionIdOf(authenticationContext({ contextId: 'a' })), sessionIdOf(authenticationContext({ contextId: 'b' }))];
    const registration: LogEntry = { v: 1, networkId: 'test-net', epoch: 1, time: 1, kind: 'registration', session: sessionId, consent: consentHash, split: splitHash, verified: true };
    const expected = { sessionId, consentHash, splitHash, verified: true };
    checkRegistrationEntry(registration, expected);
    for (const change of [{ sessionId: splitHash }, { consentHash: splitHash }, { splitHash: consentHash }, { verified: false }]) expect(() => checkRegistrationEntry(registration, { ...expected, ...change })).toThrow(invalid);
    expect(() => checkRegistrationEntry(entry, expected)).toThrow(invalid);
    // What was asked to take another one's place, and what was not, is never said of each other.
    const renewal: LogEntry = { ...registration, kind: 're-enrolment' };
    checkRegistrationEntry(renewal, { ...expected, renews: true });
    expect(() => checkRegistrationEntry(renewal, expected)).toThrow(invalid);
    expect(() => checkRegistrationEntry(registration, { ...expected, renews: true })).toThrow(invalid);
  });
});

describe('log proofs', () => {
  const proof = network.proof(entry);
  const hash = logEntryHash(fromBase64Url(proof.entry));

  test('verify under the pinned key for the entry that is asked for', () => {
    expect(verifyProof(proof, network.info.log.verifierKey, hash)).toEqual({ entry, leafIndex: 0, treeSize: 1 });
  });

  test('of another entry, or under another key, do not', async () => {
    const rejected = authenticationEntry(context, undefined);
    const stranger = await createFakeNetwork({ seed: 9 });
    expect(() => verifyProof(network.proof(rejected), network.info.log.verifierKey, hash)).toThrow(invalid);
    expect(() => verifyProof(proof, stranger.info.log.verifierKey, hash)).toThrow(expect.objectContaining({ code: 'log.unverified-note' }));
    expect(() => verifyProof({ ...proof, entry: network.proof(rejected).entry }, network.info.log.verifierKey)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^log\./) }));
  });
});

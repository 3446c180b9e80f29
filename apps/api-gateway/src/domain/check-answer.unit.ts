import { describe, expect, test } from '@jest/globals';
import { consentHash, giveConsent, SigningKey } from '@boop/identity';
import { logEntryBytes, type NetworkManifest, parseLogEntry } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { verifyEd25519 as verify } from '../nodes/verify-ed25519.ts';
import { checkRegistrationAnswer } from './check-answer.ts';

const rng = seededRng(5);
const hash = (): string => toBase64Url(rng.bytes(32));
const members = [1, 2, 3].map(() => SigningKey.generate(rng));
const manifest = { networkId: 'test-net', epoch: 1, threshold: 1, members: members.map(({ publicKey: identityKey }) => ({ identityKey })) } as NetworkManifest;
const text = { version: 'v1', locale: 'en', title: 'Consent', text: 'You agree.' };
const [sessionId, splitHash] = [hash(), hash()];
const consentTo = (renews?: string) => giveConsent({ networkId: 'test-net', registrationId: 'reg', text, givenAt: 5, renews }, SigningKey.generate(rng));

describe('the answer to a registration', () => {
  const [plain, renewing] = [consentTo(), consentTo(hash())];
  const check = (kind: 'registration' | 're-enrolment', consent: typeof plain) => {
    const entry = logEntryBytes({ v: 1, networkId: 'test-net', epoch: 1, time: 5, kind, session: sessionId, consent: consentHash(consent), split: splitHash, verified: true });
    const receipts = members.slice(0, 2).map((key, at) => ({ party: at + 1, signature: key.sign('boop-log-entry/1', entry) }));
    return checkRegistrationAnswer({ entry, receipts, verified: true }, { sessionId, consent, splitHash, manifest, verify });
  };

  test('is of the kind that its consent asks for, and goes with the entry that consent was given', () => {
    for (const [kind, consent] of [['registration', plain], ['re-enrolment', renewing]] as const) expect(parseLogEntry(check(kind, consent).consent.entry)).toMatchObject({ kind: 'consent', action: 'given', consent: consentHash(consent) });
  });

  test('is believed of no other kind', () => {
    for (const [kind, consent] of [['re-enrolment', plain], ['registration', renewing]] as const) expect(() => check(kind, consent)).toThrow(expect.objectContaining({ code: 'mpc.aborted' }));
  });
});

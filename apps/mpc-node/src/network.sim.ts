import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTokenClaims } from '@boop/identity';
import { entryReceiptBytes, parseLogEntry, signVerdict, splitFor, splitHash } from '@boop/protocol';
import { fromBase64Url, type PartyId, toBase64Url, utf8 } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { memberVerifier } from './sessions/member-keys.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(1);
const palms = [1, 2, 3].map(() => randomPalm(rng));
const stranger = randomPalm(rng);
let network: MemoryNetwork;

const register = async (palm: Int8Array, leader = 1) => await network.node(leader).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
const authenticate = async (palm: Int8Array, leader = 1, changes = {}) => {
  const context = authenticationContext(network.manifest, rng, network.clock.nowMs(), changes);
  return { context, answer: await network.node(leader).authentications.run(await probe(network.splitter, context, capture(palm, rng))) };
};

function verifiedClaims(idToken: string) {
  const [header, payload, signature] = idToken.split('.') as [string, string, string];
  const x = toBase64Url(network.node(1).ring.get('token').group.publicKey);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  expect(verify(null, utf8(`${header}.${payload}`), key, fromBase64Url(signature))).toBe(true);
  return parseTokenClaims(idToken);
}

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 4, threshold: 1 }, rng);
  for (const palm of palms) await register(palm);
}, 120_000);

afterAll(() => network.stop());

describe('four nodes, threshold one', () => {
  test('recognise a registered palm and sign one token that names no gallery id', async () => {
    const { context, answer } = await authenticate(palms[1]!, 2);
    expect(answer).toMatchObject({ accepted: true, reason: 'ok', verified: true });
    const claims = verifiedClaims(answer.idToken!);
    expect(claims).toMatchObject({ aud: 'vendor-1', nonce: context.nonce, acr: 'urn:boop:acr:palm:t1n4:verified:liveness-0', boop: { verified: true, splitAt: 'edge' } });
    expect(parseLogEntry(answer.entry)).toMatchObject({ kind: 'authentication', decision: 'accepted', verified: true });
    const members = memberVerifier(network.manifest);
    expect(answer.receipts).toHaveLength(3);
    for (const { party, signature } of answer.receipts) expect(members.verify(party as PartyId, entryReceiptBytes(answer.entry), fromBase64Url(signature))).toBe(true);
  });

  test('give one vendor the same name for a person every time, and each vendor another', async () => {
    const sub = async (sector: string) => verifiedClaims((await authenticate(palms[0]!, 3, { sector })).answer.idToken!).sub;
    const [first, again, elsewhere] = [await sub('a.example'), await sub('a.example'), await sub('b.example')];
    expect(again).toBe(first);
    expect(elsewhere).not.toBe(first);
  });

  describe('asked for a liveness check', () => {
    const policy = { operatingPoint: 'default', acceptUnverified: true, acceptGatewaySplit: false, livenessLevel: 1 };
    const checked = async () => {
      const input = await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs(), { policy }), capture(palms[1]!, rng));
      const named = { sessionId: input.split.header.sessionId, splitHash: splitHash(splitFor(input.split, 1)) };
      return { ...input, split: { ...input.split, liveness: signVerdict({ check: 'palm-passive-1', outcome: 'bona-fide', ...named, checkedAtMs: network.clock.nowMs() }, network.splitter.device) } };
    };

    test('name its level in the token that they sign', async () => {
      const answer = await network.node(2).authentications.run(await checked());
      expect(verifiedClaims(answer.idToken!).acr).toBe('urn:boop:acr:palm:t1n4:verified:liveness-1');
    });

    test('refuse a capture without a verdict, whoever leads', async () => {
      const { context, split: { liveness: _, ...split } } = await checked();
      for (const leader of [1, 2, 3, 4]) await expect(network.node(leader).authentications.run({ context, split })).rejects.toMatchObject({ code: 'liveness.missing' });
    });

    test('give a leader that lies no session: not one of them takes what it did to the verdict or to the context', async () => {
      const liar = 4 as PartyId;
      const { head } = network.node(liar).gallery;
      const [{ context, split }, another] = [await checked(), await checked()];
      const { liveness: _, ...bare } = split;
      const lies: [string, { context: typeof context; split: typeof another.split | typeof bare }][] = [
        ['liveness.missing', { context, split: bare }],
        ['liveness.other-capture', { context, split: { ...split, liveness: another.split.liveness } }],
        ['liveness.malformed', { context, split: { ...split, liveness: { ...split.liveness, verdict: '' } } }],
        ['share.wrong-session', { context: { ...context, policy: { ...policy, livenessLevel: undefined } }, split: bare }],
      ];
      for (const [code, lie] of lies) {
        for (const party of [1, 2, 3]) await expect(network.node(party).handlers['session.open'](liar, { context: lie.context, split: splitFor(lie.split, party), head })).rejects.toMatchObject({ code });
      }
    });
  });

  test('do not recognise a stranger', async () => {
    const { answer } = await authenticate(stranger);
    expect(answer).toMatchObject({ accepted: false, reason: 'no-match', verified: false });
    expect(answer.idToken).toBeUndefined();
    expect(parseLogEntry(answer.entry)).toMatchObject({ decision: 'rejected' });
  });

  test('refuse a palm that is registered already', async () => {
    await expect(register(capture(palms[2]!, rng))).rejects.toMatchObject({ code: 'registration.duplicate' });
    expect(network.node(4).gallery.rows).toBe(palms.length);
  });
});

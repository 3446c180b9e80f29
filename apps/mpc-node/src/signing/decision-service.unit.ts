import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuthenticationContext, parseTokenClaims } from '@boop/identity';
import { twinKernel } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';
import { type MissingSubject, missingAttributesBytes } from '@boop/protocol';
import { fromBase64Url, type PartyId, toBase64Url } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { aggregate } from '@boop/threshold';
import { Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement, type PeerAnswer } from '../link/peer-methods.ts';
import { type RequirementRefusal } from '../release/session-release.ts';
import { Session } from '../sessions/session.ts';
import { dealtRings } from '../testing/dealt-keys.ts';
import { authenticationContext } from '../testing/fixtures.ts';
import { manifestOf } from '../testing/memory-network.ts';
import { StatementMill } from '../testing/statements.ts';
import { byParty, DecisionService } from './decision-service.ts';
import { type KeyRing } from './key-ring.ts';
import { tokenMessage } from './token-message.ts';

const rng = seededRng(7);
const mill = new StatementMill({ nodes: 4, threshold: 1 }, rng);
const signers = [1, 2, 3] as PartyId[];
const nowMs = 1_700_000_000_000;
const authTime = nowMs / 1000;
const gallery = new Gallery(twinKernel(), palmStatistic);
const context = authenticationContext(manifestOf(mill.custodies, 1), rng, nowMs, { expiresAt: authTime + 15 });
const verdicts = [mill.identify([1, 2, 3], 1), ...[[1, 2, 4], [1, 3, 4], [2, 3, 4]].map((committee) => mill.confirm(committee, 1))];
const body = { splitHash: mill.view.splitHash, verdicts, authTime, verified: true };

let rings: KeyRing[];
let services: DecisionService[];
let sessions: Session[];
/** What the vendor requires and may not have. */
let lacking: RequirementRefusal | undefined;
let isSuspended: boolean;

const sessionOf = (changes: Partial<AuthenticationContext> = {}): Session =>
  new Session({
    context: { ...context, ...changes },
    deviceKey: toBase64Url(new Uint8Array(32)),
    header: { v: 1, networkId: 'test-net', epoch: 1, purpose: 'authentication', sessionId: mill.view.sessionId, encoder: 'palm-compcode-1', splitAt: 'edge', items: [{ role: 'probe', valid: 1024 }] },
    view: mill.view,
    leader: 1 as PartyId,
    head: { rows: 3, digest: toBase64Url(new Uint8Array(32)) },
    lacksRows: false,
    shares: [new Int16Array(4096)],
    openedAtMs: nowMs,
  });

beforeAll(async () => {
  for (let slot = 0; slot < 3; slot++) {
    const id = toBase64Url(new Uint8Array(32).fill(slot));
    const record = { v: 1, networkId: 'test-net', epoch: 1, sessionId: id, splitHash: id, consent: id, subjectId: toBase64Url(new Uint8Array(16).fill(slot)), firstSlot: slot, positions: ['right-palm' as const], encoder: 'palm-compcode-1', verified: true, time: authTime } as const;
    gallery.append({ ...record, positions: [...record.positions] }, [new Int16Array(4096)]);
  }
  rings = await dealtRings(runSimulation, mill.custodies, mill.members, ['token', 'prf'], 3, rng);
});

beforeEach(async () => {
  [lacking, isSuspended] = [undefined, false];
  services = mill.custodies.map((custody, at) => new DecisionService({ gallery, ring: rings[at]!, members: mill.members, clock: { nowMs: () => nowMs }, rng, signIdentity: (bytes) => custody.signIdentity(bytes), refusalOf: () => lacking, isSuspended: () => isSuspended }));
  sessions = mill.custodies.map(() => sessionOf());
  for (const each of sessions) await each.checkSplit(async () => true);
});

const service = (party: number) => services[party - 1]!;
const session = (party: number) => sessions[party - 1]!;
const prepare = (party: number, of: Session = session(party), asked: { basis: CertifiedStatement; authTime: number } = { basis: verdicts[0]!, authTime }) =>
  service(party).prepare(of, service(party).candidate(of, asked), asked.authTime);
const prepareAll = () => new Map(signers.map((party): [PartyId, PeerAnswer<'token.prepare'>] => [party, prepare(party)]));
const signBody = (first: ReadonlyMap<PartyId, PeerAnswer<'token.prepare'>>) => ({
  ...body,
  partials: [...first].map(([party, { partial }]) => ({ party, bytes: partial })),
  commitments: [...first].map(([party, { commitment }]) => ({ party, bytes: commitment })),
});
const expectCode = (task: () => unknown, code: string) => expect(task).toThrow(expect.objectContaining({ code }));

describe('a token', () => {
  test('comes out of two rounds with equal bytes at every signer', () => {
    const request = signBody(prepareAll());
    const shares = new Map(signers.map((party) => [party, service(party).sign(session(party), request).share]));
    const messages = signers.map((party) => toBase64Url(session(party).token!.message!.signingInput));
    expect(new Set(messages).size).toBe(1);
    const { signingInput } = session(1).token!.message!;
    const signature = aggregate(rings[0]!.get('token').group, byParty(request.commitments), signingInput, shares);
    const claims = parseTokenClaims(`${new TextDecoder().decode(signingInput)}.${toBase64Url(signature)}`);
    expect(claims).toMatchObject({ nonce: context.nonce, auth_time: authTime, acr: 'urn:boop:acr:palm:t1n4:verified:liveness-0' });
  });

  test.each<[string, string, Partial<typeof body>]>([
    ['a claim of verification that the statements do not bear out', 'decision.verified-mismatch', { verdicts: verdicts.slice(0, 2) }],
    ['a denial of verification that they do bear out', 'decision.verified-mismatch', { verified: false }],
    ['a time that is not now', 'decision.time', { authTime: authTime - 31 }],
    ['a time in the future', 'decision.time', { authTime: authTime + 31 }],
    ['a time before the context', 'decision.time', { authTime: authTime - 10 }],
    ['a time after the context', 'context.expired', { authTime: authTime + 25 }],
    ['a row that its gallery lacks', 'transcript.unknown-row', { verdicts: [mill.identify([1, 2, 3], 7, { galleryRows: 3 })] }],
    ['nobody', 'transcript.no-match', { verdicts: [mill.certify('identify', [1, 2, 3], { kind: 'none' })] }],
  ])('is not signed for %s', (_, code, changes) => {
    const request = signBody(prepareAll());
    expectCode(() => service(1).sign(session(1), { ...request, ...changes }), code);
    expect(session(1).token).toBeUndefined();
    expect(service(1).sign(session(1), request).share).toHaveLength(32);
  });

  test.each<[string, string, Partial<{ basis: CertifiedStatement; authTime: number }>]>([
    ['a time that is not now', 'decision.time', { authTime: authTime - 31 }],
    ['a time after the context', 'context.expired', { authTime: authTime + 25 }],
    ['a row that its gallery lacks', 'transcript.unknown-row', { basis: mill.identify([1, 2, 3], 7, { galleryRows: 3 }) }],
    ['nobody', 'transcript.no-match', { basis: mill.certify('identify', [1, 2, 3], { kind: 'none' }) }],
    ['a row that only a confirmation names', 'transcript.wrong-operation', { basis: mill.confirm([1, 2, 4], 1) }],
  ])('is not prepared for %s', (_, code, changes) => {
    expectCode(() => prepare(1, session(1), { basis: verdicts[0]!, authTime, ...changes }), code);
    expect(session(1).prepared).toBeUndefined();
  });

  test('is neither prepared nor signed unverified against the policy', () => {
    const strict = sessionOf({ policy: { ...context.policy, acceptUnverified: false } });
    const unverified = { ...signBody(prepareAll()), verdicts: verdicts.slice(0, 2), verified: false };
    expectCode(() => prepare(1, strict), 'decision.unverified');
    expectCode(() => service(1).sign(strict, unverified), 'decision.unverified');
    expect(() => service(1).sign(session(1), unverified)).not.toThrow();
  });

  test('is not signed as verified by a node that has not itself seen the split pass', async () => {
    const [unchecked, failed] = [sessionOf(), sessionOf()];
    await failed.checkSplit(async () => false);
    const first = prepareAll();
    first.set(1 as PartyId, prepare(1, unchecked));
    const request = signBody(first);
    expectCode(() => service(1).sign(unchecked, request), 'decision.verified-mismatch');
    expectCode(() => prepare(1, failed), 'split.invalid-form');
    for (const verified of [true, false]) expectCode(() => service(1).sign(failed, { ...request, verified }), 'split.invalid-form');
    expect(() => service(1).sign(unchecked, { ...request, verified: false })).not.toThrow();
  });

  test('is not prepared in a session that is over, whose nonces are gone', () => {
    const request = signBody(prepareAll());
    session(1).end();
    expectCode(() => service(1).sign(session(1), request), 'decision.not-prepared');
    expectCode(() => prepare(1), 'session.ended');
  });

  test('is one per session: neither another row, nor another time, nor a refusal follows', () => {
    const request = signBody(prepareAll());
    const elsewhere = [mill.identify([1, 2, 3], 2), ...[[1, 2, 4], [1, 3, 4], [2, 3, 4]].map((committee) => mill.confirm(committee, 2))];
    expectCode(() => prepare(1, session(1), { basis: elsewhere[0]!, authTime }), 'decision.other-decision');
    expectCode(() => prepare(1, session(1), { basis: verdicts[0]!, authTime: authTime + 1 }), 'decision.other-decision');
    expectCode(() => service(1).sign(session(1), { ...request, verdicts: elsewhere }), 'decision.other-decision');
    expectCode(() => service(1).sign(session(1), { ...request, authTime: authTime + 1 }), 'decision.other-decision');
    service(1).sign(session(1), request);
    prepare(1);
    expectCode(() => service(1).sign(session(1), { ...request, verdicts: verdicts.slice(0, 2), verified: false }), 'decision.other-decision');
    expectCode(() => service(1).reject(session(1), { ...body, verdicts: [mill.certify('identify', [1, 2, 3], { kind: 'none' })] }), 'decision.other-decision');
  });

  test('is not signed twice with one set of nonces', () => {
    const request = signBody(prepareAll());
    service(1).sign(session(1), request);
    expectCode(() => service(1).sign(session(1), request), 'decision.not-prepared');
  });

  test('may be signed again with fresh nonces, over the same message', () => {
    const request = signBody(prepareAll());
    service(1).sign(session(1), request);
    const { message } = session(1).token!;
    const again = signBody(prepareAll());
    expect(service(1).sign(session(1), again).share).toHaveLength(32);
    expect(session(1).token!.message).toEqual(message);
  });

  test('is not signed with nonces of an earlier preparation', () => {
    const stale = signBody(prepareAll());
    prepareAll();
    expectCode(() => service(1).sign(session(1), stale), 'frost.own-commitment-altered');
  });

  test('is not signed when a partial is about another input, and its sender is named', () => {
    const first = prepareAll();
    const elsewhere = sessionOf({ sector: 'elsewhere.example' });
    const foreign = prepare(2, elsewhere).partial;
    const request = signBody(first);
    const partials = request.partials.map((partial) => (partial.party === 2 ? { ...partial, bytes: foreign } : partial));
    expect(() => service(1).sign(session(1), { ...request, partials })).toThrow(expect.objectContaining({ code: 'prf.bad-partial', blame: [2] }));
    // The attempt is spent with it.
    expectCode(() => service(1).sign(session(1), request), 'decision.not-prepared');
  });

  test('is not signed before it is prepared', () => {
    const request = signBody(prepareAll());
    expectCode(() => service(4).sign(session(4), request), 'decision.not-prepared');
  });

  test('is not signed over a list that counts a party twice', () => {
    const request = signBody(prepareAll());
    expectCode(() => service(1).sign(session(1), { ...request, commitments: [...request.commitments, request.commitments[1]!] }), 'decision.repeated-party');
  });

  test('names the person by what the node itself holds for the row', () => {
    const keys = { prf: rings[0]!.get('prf'), token: rings[0]!.get('token') };
    const partials = byParty(signBody(prepareAll()).partials);
    const facts = { view: mill.view, context, splitAt: 'edge' as const, subjectId: gallery.row(2).subjectId, verified: true, authTime };
    expect(() => tokenMessage(facts, keys, partials)).toThrow(expect.objectContaining({ code: 'prf.bad-partial' }));
    expect(() => tokenMessage({ ...facts, subjectId: gallery.row(1).subjectId }, keys, partials)).not.toThrow();
  });
});

describe('a refusal', () => {
  const none = { ...body, verdicts: [mill.certify('identify', [1, 2, 3], { kind: 'none' })] };

  test('is signed for a search that found nobody, and ends the session', () => {
    expect(service(1).reject(session(1), none).receipt).toHaveLength(86);
    expectCode(() => prepare(1), 'decision.other-decision');
  });

  test('is signed for a candidate that was prepared and then not confirmed, and nothing is accepted any more', () => {
    const request = signBody(prepareAll());
    const denied = { ...body, verdicts: [verdicts[0]!, mill.certify('verify', [1, 2, 4], { kind: 'bit', bit: false }, { row: 1, rowVersion: 0 })] };
    expect(service(1).reject(session(1), denied).receipt).toHaveLength(86);
    expectCode(() => service(1).sign(session(1), request), 'decision.other-decision');
  });

  test('is not signed for a match that the policy accepts', () => {
    expectCode(() => service(1).reject(session(1), { ...body, verdicts: verdicts.slice(0, 1) }), 'decision.unverified');
    expectCode(() => service(1).reject(session(1), body), 'transcript.match');
  });

  test('is signed for a match whose vendor may not have what it requires, and then nothing is accepted', () => {
    const because = { ...body, because: 'attributes' as const };
    expectCode(() => service(1).reject(session(1), because), 'decision.requirements');
    lacking = { reason: 'vendor-not-consented' };
    expectCode(() => prepare(1), 'decision.requirements');
    expectCode(() => service(1).sign(session(1), { ...body, partials: [], commitments: [] }), 'decision.requirements');
    expectCode(() => service(1).reject(session(1), { ...none, ...{ because: 'attributes' as const } }), 'transcript.no-match');
    expect(service(1).reject(session(1), because)).toEqual({ receipt: expect.stringMatching(/^.{86}$/) });
    lacking = undefined;
    expectCode(() => prepare(1), 'decision.other-decision');
  });

  test('names what is missing, signed for this split alone', () => {
    lacking = { reason: 'user-missing-attributes', missing: ['email', 'phone'] };
    const { missing } = service(2).reject(session(2), { ...body, because: 'attributes' });
    const isSigned = (subject: MissingSubject, names: readonly string[]): boolean => mill.members.verify(2 as PartyId, missingAttributesBytes(subject, names), fromBase64Url(missing!.signature));
    expect(missing!.names).toEqual(['email', 'phone']);
    expect(isSigned(mill.view, ['email', 'phone'])).toBe(true);
    // Of a split that was not checked here too, where the policy takes that.
    expect(service(3).reject(sessionOf(), { ...body, because: 'attributes' }).missing!.names).toEqual(['email', 'phone']);
    for (const names of [['email'], ['phone', 'email'], ['email', 'phone', 'country']]) expect(isSigned(mill.view, names)).toBe(false);
    const other = toBase64Url(new Uint8Array(32));
    for (const change of [{ networkId: 'other' }, { epoch: 2 }, { sessionId: other }, { splitHash: other }]) expect(isSigned({ ...mill.view, ...change }, ['email', 'phone'])).toBe(false);
  });

  test.each<[string, () => Session | Promise<Session>]>([
    ['somebody else than the context claims', () => Object.assign(sessionOf({ subject: 'somebody' }), { subjectVerdict: { row: 1, claimed: false } })],
    ['somebody of whom it is not known whether the context claims them', () => sessionOf({ subject: 'somebody' })],
    ['whoever is suspended', () => ((isSuspended = true), sessionOf())],
    ['a split that is not well-formed', async () => {
      const failed = sessionOf();
      await failed.checkSplit(async () => false);
      return failed;
    }],
    ['a match that the policy refuses', () => sessionOf({ policy: { ...context.policy, acceptUnverified: false } })],
  ])('names nothing of %s, though the leader gives that reason', async (_, open) => {
    lacking = { reason: 'user-missing-attributes', missing: ['email'] };
    expect(service(1).reject(await open(), { ...body, because: 'attributes' })).toEqual({ receipt: expect.stringMatching(/^.{86}$/) });
  });

  test('is not signed for another time', () => {
    expectCode(() => service(1).reject(session(1), { ...none, authTime: authTime - 31 }), 'decision.time');
  });
});

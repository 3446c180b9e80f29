import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type OwnerCall, ownerCallBytes, ownerCallDomain, separated, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { entryReceiptBytes, type PalmErasure, palmErasureBytes, palmErasureDomain, parseLogEntry, type SignedPalmErasure, type SignedSubjectOrder, type SubjectOrder, subjectOrderBytes, subjectOrderDomain, subjectPaths } from '@boop/protocol';
import { fromBase64Url, partyId, toBase64Url } from '@boop/shared';
import { memberVerifier } from '../sessions/member-keys.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

const all = [1, 2, 3, 4, 5];
const [palm, second, other] = [randomPalm(rng), randomPalm(rng), randomPalm(rng)];
const [owner, neighbour] = [SigningKey.generate(rng), SigningKey.generate(rng)];
let network: MemoryNetwork;

const seconds = (): number => Math.floor(network.clock.nowMs() / 1000);
const register = async (device: SigningKey, palms: Parameters<typeof enrolment>[1]) => await network.node(1).registrations.run(await enrolment({ ...network.splitter, device }, palms, network.clock.nowMs()));
const authenticate = async (of: Int8Array, leader = 1) =>
  await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(of, rng)));
const recordOf = (action: SubjectOrder['action'], changes: Partial<SubjectOrder> = {}): SubjectOrder => {
  // Each order is of a second of its own.
  network.offsetMs += 1_000;
  return { v: 1, kind: 'subject-order', networkId: network.manifest.networkId, action, accountKey: owner.publicKey, requestedAt: seconds(), nonce: toBase64Url(rng.bytes(32)), ...changes };
};
const byOwner = (record: SubjectOrder, key = owner): SignedSubjectOrder => ({ record, signed: signAsOwner(subjectOrderDomain, subjectOrderBytes(record), key) });
const custodians = (domain: string, document: Uint8Array, parties: readonly number[]) => ({
  method: 'custodians' as const,
  signatures: parties.map((party) => ({ party, signature: toBase64Url(network.members[(party - 1) % all.length]!.custody.signIdentity(separated(domain, document))) })),
});
const byCustodians = (record: SubjectOrder, parties: readonly number[]): SignedSubjectOrder => ({ record, signed: custodians(subjectOrderDomain, subjectOrderBytes(record), parties) });
const read = (key: SigningKey, changes: Partial<OwnerCall> = {}, by = key) => {
  const record: OwnerCall = { v: 1, kind: 'owner-call', networkId: network.manifest.networkId, accountKey: key.publicKey, method: 'GET', path: subjectPaths.export, issuedAt: seconds(), nonce: toBase64Url(rng.bytes(16)), ...changes };
  return { record, signed: signAsOwner(ownerCallDomain, ownerCallBytes(record), by) };
};

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await register(owner, { 'right-palm': palm });
  await register(owner, { 'left-palm': second });
  await register(neighbour, { 'right-palm': other });
}, 120_000);

afterAll(() => network?.stop());

// The tests tell one story, in order.
describe('a person who is suspended', () => {
  let suspension: SignedSubjectOrder;

  test('by nobody but the owner, or t+1 custodians', async () => {
    const record = recordOf('suspend');
    const wrong: [SignedSubjectOrder, string][] = [
      [byOwner(record, neighbour), 'owner.bad-signature'],
      [byOwner({ ...record, networkId: 'other-net' }), 'subject.wrong-network'],
      [byOwner(recordOf('suspend', { requestedAt: seconds() + 900 })), 'subject.time'],
      [byOwner({ ...record, accountKey: SigningKey.generate(rng).publicKey }), 'owner.bad-signature'],
      [byCustodians(record, [2]), 'custodians.bad-signatures'],
      [byCustodians(record, [2, 2]), 'custodians.bad-signatures'],
      [byCustodians(record, [2, 9]), 'custodians.bad-signatures'],
      [{ record: { ...record, accountKey: neighbour.publicKey }, signed: byCustodians(record, [2, 3]).signed }, 'custodians.bad-signatures'],
    ].map(([order, code]) => [order as SignedSubjectOrder, code as string]);
    for (const [order, code] of wrong) await expect(network.node(2).orders.lead.run({ order })).rejects.toMatchObject({ code });
    await expect(authenticate(palm)).resolves.toMatchObject({ accepted: true });
  }, 120_000);

  test('is like nobody from then on, with all palms of the account, and the others are as they were', async () => {
    network.kill(4);
    suspension = byOwner(recordOf('suspend'));
    const { entry, receipts, pending } = await network.node(2).orders.lead.run({ order: suspension });
    expect(pending).toEqual([4]);
    const members = memberVerifier(network.manifest);
    for (const { party, signature } of receipts) expect(members.verify(partyId(party), entryReceiptBytes(entry), fromBase64Url(signature))).toBe(true);
    expect(parseLogEntry(entry)).toMatchObject({ kind: 'suspension', action: 'suspend' });
    expect(new TextDecoder().decode(entry)).not.toContain(owner.publicKey);
    for (const suspended of [palm, second]) {
      const answer = await authenticate(suspended, 3);
      expect(answer).toMatchObject({ accepted: false, reason: 'no-match' });
      expect(answer.receipts.length).toBeGreaterThanOrEqual(2);
    }
    await expect(authenticate(other, 3)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('is so at a node that was down too, once it has asked another, and after restarts', async () => {
    await network.start(partyId(4));
    for (let i = 0; i < 2; i++) await network.node(4).orders.sync.catchUp();
    await expect(authenticate(palm, 4)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await expect(register(SigningKey.generate(rng), { 'right-palm': palm })).rejects.toMatchObject({ code: 'registration.duplicate' });
    for (const party of all) {
      network.kill(party);
      await network.start(partyId(party));
    }
    await expect(authenticate(palm, 4)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
  }, 120_000);

  test('is told of it, and nobody else is', async () => {
    const record = network.node(4).orders.service.read(read(owner));
    expect(record).toMatchObject({ accountKey: owner.publicKey, suspendedBy: ['owner'], orders: [suspension] });
    expect(record.registrations.map(({ positions, erased }) => [positions, erased])).toEqual([[['right-palm'], false], [['left-palm'], false]]);
    expect(record.registrations.map(({ entry }) => parseLogEntry(fromBase64Url(entry)).kind)).toEqual(['registration', 'registration']);
    for (const party of all) expect(network.node(party).orders.service.read(read(owner))).toEqual(record);
    expect(() => network.node(1).orders.service.read(read(owner, {}, neighbour))).toThrow(expect.objectContaining({ code: 'owner.bad-signature' }));
    expect(() => network.node(1).orders.service.read(read(owner, { path: '/v1/consents' }))).toThrow(expect.objectContaining({ code: 'owner.wrong-call' }));
    expect(() => network.node(1).orders.service.read(read(owner, { issuedAt: seconds() - 600 }))).toThrow(expect.objectContaining({ code: 'owner.stale-call' }));
  });

  test('is recognised again when the one who ordered it lifts it, and an old order changes nothing', async () => {
    await network.node(1).orders.lead.run({ order: byCustodians(recordOf('suspend', { reason: 'reported as fraud' }), [2, 5]) });
    await network.node(1).orders.lead.run({ order: byOwner(recordOf('resume')) });
    expect(network.node(3).orders.service.read(read(owner)).suspendedBy).toEqual(['custodians']);
    await expect(authenticate(palm)).resolves.toMatchObject({ accepted: false });
    await network.node(3).orders.lead.run({ order: byCustodians(recordOf('resume'), [1, 2]) });
    await expect(authenticate(palm)).resolves.toMatchObject({ accepted: true, verified: true });
    await expect(network.node(1).orders.lead.run({ order: suspension })).rejects.toMatchObject({ code: 'subject.superseded' });
    await expect(authenticate(second)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);
});

describe('an erasure that custodians order', () => {
  const requestOf = (parties: readonly number[]): SignedPalmErasure => {
    const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId: network.manifest.networkId, accountKey: neighbour.publicKey, requestedAt: seconds(), reason: 'order of a court', nonce: toBase64Url(rng.bytes(32)) };
    return { record, signed: custodians(palmErasureDomain, palmErasureBytes(record), parties) };
  };

  test('takes t+1 of them', async () => {
    await expect(network.node(1).erasure.run({ request: requestOf([3]) })).rejects.toMatchObject({ code: 'custodians.bad-signatures' });
    await expect(authenticate(other)).resolves.toMatchObject({ accepted: true });
    await expect(network.node(1).erasure.run({ request: requestOf([3, 4]) })).resolves.toMatchObject({ pending: [] });
    await expect(authenticate(other)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await expect(authenticate(palm)).resolves.toMatchObject({ accepted: true });
  }, 120_000);
});

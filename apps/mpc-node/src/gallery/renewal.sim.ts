import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { giveConsent, type OwnerCall, ownerCallBytes, ownerCallDomain, parseTokenClaims, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, parseLogEntry, type SignedPalmErasure, type SignedSubjectOrder, type SubjectOrder, subjectOrderBytes, subjectOrderDomain, subjectPaths } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { type CertifiedStatement, type PeerBody, type RegistrationRecord } from '../link/peer-methods.ts';
import { authenticationContext, capture, consentText, enrolment, halfOf, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

type Prepare = PeerBody<'gallery.prepare'>;
type Palms = Parameters<typeof enrolment>[1];
const all = [1, 2, 3, 4, 5];
const [owner, neighbour, stranger] = [SigningKey.generate(rng), SigningKey.generate(rng), SigningKey.generate(rng)];
const [palm, other, left] = [randomPalm(rng), randomPalm(rng), randomPalm(rng)];
/** The same palm years later, and years after that, when nothing of the first is left. */
const [fresh, later] = [randomPalm(rng), randomPalm(rng)];
const grown = halfOf(palm, fresh);
const old = halfOf(later, fresh);
let network: MemoryNetwork;

const request = async (device: SigningKey, palms: Palms, renews?: string) => await enrolment({ ...network.splitter, device }, palms, network.clock.nowMs(), undefined, consentText, renews);
const register = async (device: SigningKey, palms: Palms, renews?: string, leader = 1) => await network.node(leader).registrations.run(await request(device, palms, renews));
const authenticate = async (of: Int8Array, leader = 1) =>
  await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(of, rng)));
const subOf = async (of: Int8Array, leader = 1): Promise<string> => parseTokenClaims((await authenticate(of, leader)).idToken!).sub;
const recordsOf = (device: SigningKey, party = 1): RegistrationRecord[] => network.node(party).registrar.ofAccount(device.publicKey);
const newest = (device: SigningKey, party = 1): RegistrationRecord => recordsOf(device, party).at(-1)!;
const exported = (device: SigningKey, party: number) => {
  const record: OwnerCall = { v: 1, kind: 'owner-call', networkId: network.manifest.networkId, accountKey: device.publicKey, method: 'GET', path: subjectPaths.export, issuedAt: Math.floor(network.clock.nowMs() / 1000), nonce: toBase64Url(rng.bytes(16)) };
  return network.node(party).orders.service.read({ record, signed: signAsOwner(ownerCallDomain, ownerCallBytes(record), device) });
};
const erasureOf = (device: SigningKey): SignedPalmErasure => {
  const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId: network.manifest.networkId, accountKey: device.publicKey, requestedAt: Math.floor(network.clock.nowMs() / 1000), nonce: toBase64Url(rng.bytes(32)) };
  return { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), device) };
};
/** All nodes have the same, and nothing waits. */
const settled = (): void => {
  for (const party of all) {
    expect(network.node(party).gallery.head).toEqual(network.node(1).gallery.head);
    expect(network.node(party).registrar.pendingId).toBeUndefined();
  }
};

let sub: string;

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await register(neighbour, { 'right-palm': other });
  await register(owner, { 'right-palm': palm });
  sub = await subOf(palm);
}, 120_000);
afterAll(() => network?.stop());
afterEach(() => {
  network.hub.onRequest = undefined;
});

// The tests tell one story, in order.
describe('a person who registers the same palm anew', () => {
  test.each<[string, string, () => [SigningKey, Palms, string | undefined]]>([
    ['with the palm of somebody else, in the place of theirs', 'registration.nothing-to-renew', () => [owner, { 'right-palm': other }, newest(neighbour).splitHash]],
    ['in the place of what there is not', 'registration.nothing-to-renew', () => [owner, { 'right-palm': palm }, toBase64Url(new Uint8Array(32))]],
    ['with the other palm', 'registration.nothing-to-renew', () => [owner, { 'left-palm': palm }, newest(owner).splitHash]],
    ['with one palm more', 'registration.nothing-to-renew', () => [owner, { 'left-palm': left, 'right-palm': palm }, newest(owner).splitHash]],
    ['with a palm that nobody has, as a thief of the key would', 'registration.not-recognised', () => [owner, { 'right-palm': left }, newest(owner).splitHash]],
    ['with the palm of a neighbour', 'registration.not-recognised', () => [owner, { 'right-palm': other }, newest(owner).splitHash]],
    ['with one that is theirs and a neighbour\'s', 'registration.duplicate', () => [owner, { 'right-palm': halfOf(palm, other) }, newest(owner).splitHash]],
    ['under another account', 'registration.nothing-to-renew', () => [stranger, { 'right-palm': palm }, newest(owner).splitHash]],
    ['without saying that it takes a place', 'registration.duplicate', () => [owner, { 'right-palm': grown }, undefined]],
  ])('%s: %s', async (_name, code, input) => {
    await expect(register(...input())).rejects.toMatchObject({ code });
    settled();
    expect(network.node(1).gallery.rows).toBe(2);
  }, 120_000);

  test('is not told whether what is not theirs exists', async () => {
    const refusals = await Promise.all([newest(neighbour).splitHash, toBase64Url(rng.bytes(32))].map(async (renews) => await register(owner, { 'right-palm': palm }, renews).catch((error: unknown) => error)));
    expect(refusals[0]).toEqual(refusals[1]);
  }, 120_000);

  describe('under a leader that', () => {
    const refused = async (run: () => Promise<unknown>): Promise<void> => {
      await expect(run()).rejects.toMatchObject({ code: 'mpc.aborted' });
      network.hub.onRequest = undefined;
      settled();
      expect(network.node(1).gallery.rows).toBe(2);
    };
    const storing = ['gallery.absence', 'gallery.prepare'];
    const recognitions = (verdicts: readonly CertifiedStatement[]) => verdicts.filter(({ statement }) => statement.operation === 'recognise');
    let recognised: CertifiedStatement[] = [];

    test.each<[string, (body: Prepare) => Prepare]>([
      ['gives the person another name', ({ record, ...body }) => ({ ...body, record: { ...record, subjectId: toBase64Url(new Uint8Array(16)) } })],
      ['gives the person a neighbour\'s name', ({ record, ...body }) => ({ ...body, record: { ...record, subjectId: newest(neighbour).subjectId } })],
      ['leaves out what is replaced', ({ record: { replaces: _replaces, ...record }, ...body }) => ({ ...body, record })],
      ['has a neighbour replaced', ({ record, ...body }) => ({ ...body, record: { ...record, replaces: newest(neighbour).splitHash } })],
    ])('%s: nobody writes', async (_name, change) => {
      network.hub.onRequest = (_from, _to, method, body) => (method === 'gallery.prepare' ? change(body as Prepare) : undefined);
      await refused(async () => await register(owner, { 'right-palm': grown }, newest(owner).splitHash));
    }, 120_000);

    test('drops that the palm was recognised: nobody writes', async () => {
      let dropped = 0;
      network.hub.onRequest = (_from, _to, method, body) => {
        if (!storing.includes(method)) return undefined;
        const { verdicts, ...rest } = body as Prepare;
        recognised = recognitions(verdicts);
        dropped += recognised.length;
        return { ...rest, verdicts: verdicts.filter((verdict) => !recognised.includes(verdict)) };
      };
      await refused(async () => await register(owner, { 'right-palm': grown }, newest(owner).splitHash));
      expect(dropped).toBeGreaterThan(0);
    }, 120_000);

    test('shows that another capture was recognised, in another session: nobody writes', async () => {
      const before = recognised;
      network.hub.onRequest = (_from, _to, method, body) => (storing.includes(method) ? { ...(body as Prepare), verdicts: [...(body as Prepare).verdicts.filter(({ statement }) => statement.operation !== 'recognise'), ...before] } : undefined);
      await refused(async () => await register(owner, { 'right-palm': grown }, newest(owner).splitHash));
    }, 120_000);

    test('has somebody new stored in a person\'s place who never asked for it: nobody writes', async () => {
      const { splitHash, subjectId } = newest(owner);
      network.hub.onRequest = (_from, _to, method, body) => (method === 'gallery.prepare' ? { ...(body as Prepare), record: { ...(body as Prepare).record, replaces: splitHash, subjectId } } : undefined);
      await refused(async () => await register(stranger, { 'right-palm': left }));
    }, 120_000);

    test.each([['two', [4, 5]], ['all others', [2, 3, 4, 5]]])('shows %s a consent to something else: nobody compares', async (_name, misled) => {
      const { context, consent, split } = await request(owner, { 'right-palm': grown }, newest(owner).splitHash);
      const plain = giveConsent({ networkId: context.networkId, registrationId: context.registrationId, text: consentText, givenAt: context.issuedAt }, owner);
      network.hub.onRequest = (_from, to, method, body) => (method === 'session.open' && misled.includes(to) ? { ...(body as object), consent: plain } : undefined);
      await refused(async () => await network.node(1).registrations.run({ context, consent, split }));
    }, 120_000);
  });

  test('stays who they were, in the place of what is gone from all nodes', async () => {
    const before = newest(owner);
    const { verified, entry } = await register(owner, { 'right-palm': grown }, before.splitHash);
    expect(verified).toBe(true);
    settled();
    const after = newest(owner);
    expect(after).toMatchObject({ replaces: before.splitHash, subjectId: before.subjectId, firstSlot: 2 });
    expect(parseLogEntry(entry)).toMatchObject({ kind: 're-enrolment', split: after.splitHash });
    for (const secret of [before.splitHash, before.subjectId, owner.publicKey]) expect(new TextDecoder().decode(entry)).not.toContain(secret);
    for (const party of all) {
      const stored = network.stores(party).registrations[1]!;
      expect(stored.shares.every((share) => share.every((value) => value === 0))).toBe(true);
      expect(stored.erased).toEqual({ replacedBy: after.splitHash });
      expect(network.node(party).gallery.accounts.of(after.subjectId)).toBe(owner.publicKey);
      expect(exported(owner, party)).toEqual(exported(owner, 1));
    }
    expect(exported(owner, 1).registrations.map(({ split, replaces, erased }) => [split, replaces, erased])).toEqual([[before.splitHash, undefined, true], [after.splitHash, before.splitHash, false]]);
    await expect(subOf(grown, 3)).resolves.toBe(sub);
    await expect(authenticate(other)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('can\'t take the same place again, and may go on from the new one; of the first palm nothing is found any more', async () => {
    const [first] = recordsOf(owner);
    await expect(register(owner, { 'right-palm': grown }, first!.splitHash)).rejects.toMatchObject({ code: 'registration.nothing-to-renew' });
    await register(owner, { 'right-palm': old }, newest(owner).splitHash);
    settled();
    await expect(subOf(old, 4)).resolves.toBe(sub);
    await expect(authenticate(palm)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await expect(register(stranger, { 'right-palm': old })).rejects.toMatchObject({ code: 'registration.duplicate' });
  }, 120_000);

  test('is the same after all nodes have started anew', async () => {
    const { head } = network.node(1).gallery;
    for (const party of all) await network.restart(party);
    expect(network.node(1).gallery.head).toEqual(head);
    settled();
    for (const party of all) expect(network.node(party).gallery.accounts.of(newest(owner).subjectId)).toBe(owner.publicKey);
    await expect(subOf(old, 2)).resolves.toBe(sub);
    await expect(authenticate(palm, 2)).resolves.toMatchObject({ accepted: false });
  }, 120_000);

  test('is renewed at a node too that was away when the others stored it', async () => {
    const before = newest(owner);
    network.hub.onRequest = (_from, to, method) => {
      if (to >= 4 && method === 'gallery.commit') throw new Error('withheld');
    };
    await register(owner, { 'right-palm': old }, before.splitHash);
    network.hub.onRequest = undefined;
    // It prepared, but has the old row still: the others compare without it.
    expect(network.node(4).registrar.pendingId).toBe(newest(owner).splitHash);
    await network.restart(4);
    for (const party of [4, 5]) await network.node(party).sync.settle();
    settled();
    expect(network.stores(4).registrations.map(({ erased }) => erased !== undefined)).toEqual([false, true, true, true, false]);
    await expect(subOf(old, 4)).resolves.toBe(sub);
  }, 120_000);

  test('is as suspended as before', async () => {
    const orderOf = (action: SubjectOrder['action']): SignedSubjectOrder => {
      network.offsetMs += 1_000;
      const record: SubjectOrder = { v: 1, kind: 'subject-order', networkId: network.manifest.networkId, action, accountKey: owner.publicKey, requestedAt: Math.floor(network.clock.nowMs() / 1000), nonce: toBase64Url(rng.bytes(32)) };
      return { record, signed: signAsOwner(subjectOrderDomain, subjectOrderBytes(record), owner) };
    };
    await network.node(1).orders.lead.run({ order: orderOf('suspend') });
    await register(owner, { 'right-palm': old }, newest(owner).splitHash);
    await expect(authenticate(old)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await network.node(1).orders.lead.run({ order: orderOf('resume') });
    await expect(subOf(old)).resolves.toBe(sub);
  }, 120_000);

  test('wins once, of two at once', async () => {
    const before = newest(owner);
    const both = await Promise.allSettled([1, 2].map(async (leader) => await register(owner, { 'right-palm': old }, before.splitHash, leader)));
    const refusals = both.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code: string }).code] : []));
    expect(refusals).toHaveLength(1);
    expect(['registration.nothing-to-renew', 'mpc.nodes-unavailable', 'mpc.aborted']).toContain(refusals[0]);
    for (const party of all) await network.node(party).sync.settle();
    settled();
    expect(newest(owner).replaces).toBe(before.splitHash);
    await expect(subOf(old, 5)).resolves.toBe(sub);
  }, 120_000);

  test('with both palms is recognised by each, in whatever order', async () => {
    const [right, wrong] = [randomPalm(rng), randomPalm(rng)];
    await register(stranger, { 'left-palm': left, 'right-palm': right });
    const { splitHash, subjectId } = newest(stranger);
    for (const palms of [{ 'left-palm': left, 'right-palm': wrong }, { 'left-palm': right, 'right-palm': left }]) await expect(register(stranger, palms, splitHash)).rejects.toMatchObject({ code: 'registration.not-recognised' });
    await register(stranger, { 'right-palm': right, 'left-palm': left }, splitHash);
    expect(newest(stranger)).toMatchObject({ subjectId, replaces: splitHash, positions: ['right-palm', 'left-palm'] });
    const subs = [await subOf(left), await subOf(right)];
    expect(subs[0]).toBe(subs[1]);
  }, 120_000);

  test('is erased with all that they were, and stays so', async () => {
    const before = newest(owner);
    await expect(network.node(2).erasure.run({ request: erasureOf(owner) })).resolves.toMatchObject({ pending: [] });
    settled();
    for (const each of [palm, grown, old]) await expect(authenticate(each)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await expect(register(owner, { 'right-palm': old }, before.splitHash)).rejects.toMatchObject({ code: 'registration.nothing-to-renew' });
    await network.restart(3);
    settled();
    network.offsetMs += 5_000;
    await register(owner, { 'right-palm': old });
    await expect(subOf(old)).resolves.not.toBe(sub);
    await network.restart(3);
    expect(network.node(3).gallery.accounts.of(newest(owner).subjectId)).toBe(owner.publicKey);
  }, 120_000);
});
